/** JavaScript of what logs print; `$R` is the runtime. */

/** A value of a packet's field in its own notation. */
export function fieldText(name: string, js: string): string {
  return `$R.texts.fieldText(${JSON.stringify(name)},${js})`;
}

/** The same in a log message. */
export function logFieldText(name: string, js: string): string {
  return `$R.texts.logField(${JSON.stringify(name)},${js})`;
}

/** Number and time of the packet at hand, as a packet list begins. */
export function placeText(hasPacket: boolean): string {
  return `$R.texts.place(${hasPacket ? '$pkt' : ''})`;
}

/** `printf` of a format and values. */
export function printfText(format: string, values: readonly string[]): string {
  return `$R.texts.printf(${JSON.stringify(format)},[${values.join(',')}])`;
}

/** A value, or what went wrong with it: a log message that fails must not stop the machine. */
export function tried(js: string): string {
  return `(()=>{try{return ${js}}catch(e){return $R.texts.failure(e)}})()`;
}
