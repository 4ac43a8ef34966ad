/**
 * What the guest prints, for the user's terminal. Colours and movements of the cursor pass, as shells and editors need
 * them. Control strings do not: they would reach the clipboard, the title and more of the terminal itself (ECMA-48,
 * section 5.6; xterm's OSC 52).
 */

/** OSC, DCS, SOS, PM, APC behind ESC; and the same as one character (C1). */
const INTRODUCERS = /[\]PX^_]/;
const C1_INTRODUCERS = /[\u009d\u0090\u0098\u009e\u009f]/;
const ESC = '\x1b';
const BEL = '\x07';
/** String terminator as one character. */
const ST = '\u009c';
/** CAN and SUB give a control string up. */
const GIVES_UP = '\x18\x1a';

type State = 'text' | 'escape' | 'string' | 'string-escape';

export class GuestConsoleFilter {
  #state: State = 'text';

  /** What is shown of a piece of text; a control string may go on in the next one. */
  filter(text: string): string {
    if (this.#state === 'text' && !text.includes(ESC) && !C1_INTRODUCERS.test(text)) {
      return text;
    }
    let shown = '';
    for (const c of text) {
      shown += this.#take(c);
    }
    return shown;
  }

  #take(c: string): string {
    switch (this.#state) {
      case 'text':
        this.#state = c === ESC ? 'escape' : C1_INTRODUCERS.test(c) ? 'string' : 'text';
        return this.#state === 'text' ? c : '';
      case 'escape':
        if (c === ESC) {
          return '';
        }
        this.#state = INTRODUCERS.test(c) ? 'string' : 'text';
        return this.#state === 'text' ? ESC + c : '';
      case 'string':
        this.#state = c === ESC ? 'string-escape' : c === BEL || c === ST || GIVES_UP.includes(c) ? 'text' : 'string';
        return '';
      case 'string-escape':
        // ESC \ ends it; another sequence begins with what else follows an ESC.
        this.#state = c === '\\' ? 'text' : INTRODUCERS.test(c) ? 'string' : c === ESC ? 'string-escape' : 'text';
        return this.#state === 'text' && c !== '\\' ? ESC + c : '';
    }
  }
}
