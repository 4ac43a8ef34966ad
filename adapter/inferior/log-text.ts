/** Texts of log messages: of logpoints and of `dprintf`. Called by deciders, as `$R.texts`. */
import { type FieldValue, formatField } from '../packets/fields.ts';
import { type Conversion, formatText, parseFormat } from '../packets/printf-text.ts';
import type { Describer } from './describe.ts';

export class LogTexts {
  readonly #describer: Describer;
  readonly #formats = new Map<string, readonly Conversion[]>();

  constructor(describer: Describer) {
    this.#describer = describer;
  }

  /** A field of a packet as Wireshark shows it. */
  fieldText(name: string, value: FieldValue): string {
    return value === undefined ? '<not in this packet>' : formatField(name, value);
  }

  /** A format with its values. What no conversion takes is its address. */
  printf(format: string, values: readonly unknown[]): string {
    let conversions = this.#formats.get(format);
    if (conversions === undefined) {
      conversions = parseFormat(format);
      this.#formats.set(format, conversions);
    }
    return formatText(
      conversions,
      values.map((v) =>
        typeof v === 'object' && v !== null && !(v instanceof Uint8Array) ? this.#describer.describe(v).address : v,
      ),
    );
  }

  /** Why a value cannot be had. */
  failure(error: unknown): string {
    return `<error: ${reason(error)}>`;
  }

  /** A part of a message: text, or a value as gdb's `info locals` shows it. */
  readonly part = (v: unknown): string => {
    switch (typeof v) {
      case 'object':
        return v === null ? '0x0' : this.#pointer(v);
      case 'undefined':
        return 'void';
      case 'function':
        return `<${v.name}>`;
      default:
        return String(v);
    }
  };

  #pointer(v: object): string {
    if (ArrayBuffer.isView(v)) {
      return `<${v.byteLength} bytes>`;
    }
    const { type, kind, address = 0 } = this.#describer.describe(v);
    return `${kind === 'struct' && type !== '' ? `(${type} *) ` : ''}0x${address.toString(16)}`;
  }
}

/** What an expression threw, in gdb's words. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isNull = error instanceof TypeError && /^Cannot read properties of (null|undefined)/.test(message);
  return isNull ? 'Cannot access memory at address 0x0' : message;
}
