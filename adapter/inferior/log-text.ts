/** Texts of log messages: of logpoints and of `dprintf`. Called by deciders, as `$R.texts`. */
import type { FieldValue, PacketView } from '../packets/fields.ts';
import { type Conversion, formatText, parseFormat } from '../packets/printf-text.ts';
import type { Describer } from './describe.ts';
import { dissection, loadedDissection } from './dissection.ts';

/** Characters that a struct or an array may take of a line. */
const MAX_SHORT = 100;
/** What stands for a layer or field that a packet does not have. */
const ABSENT = '-';

export class LogTexts {
  readonly #describer: Describer;
  readonly #formats = new Map<string, readonly Conversion[]>();

  readonly #nowNs: () => number;

  constructor(describer: Describer, nowNs: () => number) {
    this.#describer = describer;
    this.#nowNs = nowNs;
  }

  /** A field of a packet as Wireshark shows it. */
  fieldText(name: string, value: FieldValue): string {
    return value === undefined ? '<not in this packet>' : dissection().formatField(name, value);
  }

  /** The same in a log message, whose lines are columns. */
  logField(name: string, value: FieldValue): string {
    return value === undefined ? ABSENT : dissection().formatField(name, value);
  }

  /** Number of the packet, which those of a replay have, and the machine's time: the first columns of a packet list. */
  place(packet: PacketView | undefined): string {
    const number = packet && dissection().FIELDS['frame.number']?.get(packet);
    return `${String(number ?? ABSENT).padStart(4)} ${(this.#nowNs() / 1e9).toFixed(6)}`;
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
    const packets = loadedDissection();
    if (packets && v instanceof packets.PacketView) {
      return packets.formatSummary(packets.summary(v));
    }
    return ArrayBuffer.isView(v) ? bytesText(v) : this.#short(v);
  }

  /** A struct or an array in one line; what is inside them in turn by its type. */
  #short(v: object): string {
    const { kind, type } = this.#describer.describe(v);
    const inside = (one: unknown): string =>
      typeof one === 'object' && one !== null && !ArrayBuffer.isView(one)
        ? `<${this.#describer.describe(one).type}>`
        : this.part(one);
    const all = Array.isArray(v) ? v.map(inside) : Object.entries(v).map(([name, one]) => `${name} = ${inside(one)}`);
    let text = '';
    for (const [i, one] of all.entries()) {
      if (text.length + one.length > MAX_SHORT) {
        text += i === 0 ? '...' : ', ...';
        break;
      }
      text += i === 0 ? one : `, ${one}`;
    }
    return `${kind === 'struct' && type !== '' ? `${type} ` : ''}{${text}}`;
  }
}

function bytesText(v: ArrayBufferView): string {
  return `<${v.byteLength} bytes>`;
}

/** What an expression threw, in gdb's words. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isNull = error instanceof TypeError && /^Cannot read properties of (null|undefined)/.test(message);
  return isNull ? 'Cannot access memory at address 0x0' : message;
}
