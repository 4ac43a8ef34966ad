/** QEMU's option syntax (util/qemu-option.c): `user,id=n0,hostfwd=tcp::5555-:5556,restrict=on`. */

/** An option is wrong; the message is for the user and says what would be right. */
export class OptionError extends Error {
  override name = 'OptionError';
}

/** The parameters of one option, in order; a name may come more than once. */
export class QemuOpts {
  /** The option as typed, such as `-netdev user,id=n0`; errors begin with it. */
  readonly option: string;
  readonly params: { readonly name: string; readonly value: string }[] = [];
  constructor(option: string) {
    this.option = option;
  }
}

/** An error about an option. */
export function option_error(opts: QemuOpts, message: string): OptionError {
  return new OptionError(`${opts.option}: ${message}`);
}

/** Splits at single commas; `,,` stands for a comma in a value. */
function split_params(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') {
      part += text[i];
    } else if (text[i + 1] === ',') {
      part += ',';
      i++;
    } else {
      parts.push(part);
      part = '';
    }
  }
  parts.push(part);
  return parts;
}

/**
 * Parses the value of the option `flag`. A first word without `=` is the value of `implied`; later ones are switches:
 * `NAME` is `NAME=on`, `noNAME` is `NAME=off`.
 */
export function qemu_opts_parse(flag: string, text: string, implied: string): QemuOpts {
  const opts = new QemuOpts(`${flag} ${text}`);
  split_params(text).forEach((part, i) => {
    const eq = part.indexOf('=');
    if (eq >= 0) {
      opts.params.push({ name: part.slice(0, eq), value: part.slice(eq + 1) });
    } else if (i === 0 && implied !== '') {
      opts.params.push({ name: implied, value: part });
    } else if (part !== '') {
      const off = part.startsWith('no');
      opts.params.push({ name: off ? part.slice(2) : part, value: off ? 'off' : 'on' });
    }
  });
  return opts;
}

/** True for an identifier: a letter, then letters, digits, '-', '.', '_'. */
export function id_wellformed(id: string): boolean {
  return /^[A-Za-z][A-Za-z0-9._-]*$/.test(id);
}

/** The last value of a parameter, or `fallback`. */
export function qemu_opt_get(opts: QemuOpts, name: string, fallback = ''): string {
  return opts.params.findLast((p) => p.name === name)?.value ?? fallback;
}

/** All values of a parameter that may be repeated. */
export function qemu_opt_get_all(opts: QemuOpts, name: string): string[] {
  return opts.params.filter((p) => p.name === name).map((p) => p.value);
}

/** True when the parameter was given. */
export function qemu_opt_has(opts: QemuOpts, name: string): boolean {
  return opts.params.some((p) => p.name === name);
}

/** A switch: on/off, yes/no, true/false, y/n. */
export function qemu_opt_get_bool(opts: QemuOpts, name: string, fallback: boolean): boolean {
  if (!qemu_opt_has(opts, name)) {
    return fallback;
  }
  const value = qemu_opt_get(opts, name);
  if (['on', 'yes', 'true', 'y'].includes(value)) {
    return true;
  }
  if (['off', 'no', 'false', 'n'].includes(value)) {
    return false;
  }
  throw option_error(opts, `Parameter '${name}' expects 'on' or 'off', not '${value}'`);
}

/** A whole number from `min` to `max`, decimal, octal or 0x. */
export function qemu_opt_get_number(opts: QemuOpts, name: string, fallback: number, min: number, max: number): number {
  if (!qemu_opt_has(opts, name)) {
    return fallback;
  }
  const value = qemu_opt_get(opts, name);
  const m = /^\+?(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(value);
  const n = m ? Number(m[1]!.replace(/^0(?=\d)/, '0o')) : Number.NaN;
  if (!(n >= min && n <= max)) {
    throw option_error(opts, `Parameter '${name}' expects a number from ${min} to ${max}, not '${value}'`);
  }
  return n;
}

/** Refuses parameters that are not in `known`. */
export function qemu_opts_validate(opts: QemuOpts, known: readonly string[]): void {
  for (const p of opts.params) {
    if (!known.includes(p.name)) {
      throw option_error(opts, `Invalid parameter '${p.name}'; known: ${known.join(', ')}`);
    }
  }
}
