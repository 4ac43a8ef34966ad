/** Between a terminal and the guest's console. */

/** What is typed, as the guest's terminal driver takes it: without the escape sequences of cursor and function keys. */
export function guestInput(typed: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return typed.replace(/\x1b(\[[0-?]*[ -/]*[@-~]|O.|.)?/g, '');
}

/** What the guest prints, as a terminal takes it: a line feed also goes back to the first column. */
export function terminalOutput(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
