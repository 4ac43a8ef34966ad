/** JavaScript of what logs print; `$R` is the runtime. */

/** A value of a packet's field in its own notation. */
export function fieldText(name: string, js: string): string {
  return `$R.texts.fieldText(${JSON.stringify(name)},${js})`;
}

/** `printf` of a format and values. */
export function printfText(format: string, values: readonly string[]): string {
  return `$R.texts.printf(${JSON.stringify(format)},[${values.join(',')}])`;
}

/** A value, or what went wrong with it: a log message that fails must not stop the machine. */
export function tried(js: string): string {
  return `(()=>{try{return ${js}}catch(e){return $R.texts.failure(e)}})()`;
}
