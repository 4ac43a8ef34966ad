/** The options of a TCP segment (RFC 9293, 3.2; RFC 7323; RFC 2018). */
import { malformedPart, variable } from '../declare.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import type { Names, Part } from '../protocol.ts';

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const TIMESTAMPS = 8;

/** The largest shift of a window that counts (RFC 7323, 2.3). */
export const MAX_WINDOW_SHIFT = 14;

const NAMES: Names = {
  [END]: 'End of Option List (EOL)',
  [NOP]: 'No-Operation (NOP)',
  [MSS]: 'Maximum segment size',
  [WINDOW_SCALE]: 'Window scale',
  [SACK_PERMITTED]: 'SACK permitted',
  5: 'SACK',
  [TIMESTAMPS]: 'Timestamps',
};

/** A TCP option: where it starts, its kind and whole length. */
interface TcpOption {
  readonly kind: number;
  readonly at: number;
  readonly length: number;
}

const OPTIONS = variable('tcp.options', 'TCP Options', 'bytes', { many: false });
const MSS_VALUE = variable('tcp.options.mss_val', 'MSS Value', 'uint16', { many: false });
const SHIFT = variable('tcp.options.wscale.shift', 'Shift count', 'uint8', { many: false });

export const OPTION_FIELDS = [OPTIONS, MSS_VALUE, SHIFT];

function headerEnd(p: PacketView, l: Layer): number {
  return l.at + (p.u8(l.at + 12) >> 4) * 4;
}

/** The options of a segment; stops at the end-of-list option or at one that runs past the header. */
function optionsOf(p: PacketView, l: Layer): TcpOption[] {
  const out: TcpOption[] = [];
  const end = Math.min(l.end, headerEnd(p, l));
  let at = l.at + 20;
  while (at < end) {
    const kind = p.u8(at);
    const length = kind <= NOP ? 1 : at + 1 < end ? p.u8(at + 1) : 0;
    if (length < 1 || (kind > NOP && length < 2) || at + length > end) {
      break;
    }
    out.push({ kind, at, length });
    if (kind === END) {
      break;
    }
    at += length;
  }
  return out;
}

/** The window scale option of a segment, or -1. */
export function windowShift(p: PacketView, l: Layer): number {
  const o = optionsOf(p, l).find((x) => x.kind === WINDOW_SCALE && x.length === 3);
  return o === undefined ? -1 : p.u8(o.at + 2);
}

/** The line of all options, with one for each below it, and what is wrong with the header's length. */
export function optionParts(p: PacketView, l: Layer): Part[] {
  const end = headerEnd(p, l);
  const length = end - l.at - 20;
  const options = optionsOf(p, l);
  if (length < 0 || end > l.end) {
    // The options up to the packet's end have values, but are not shown.
    const hidden = options.map((o) => ({ ...optionPart(p, o), label: undefined }));
    return [malformedPart(p, `TCP header length ${length + 20}`, l.at + 12), ...hidden];
  }
  if (length === 0) {
    return [];
  }
  const last = options.at(-1);
  const reached = last === undefined ? l.at + 20 : last.at + last.length;
  const inside = options.map((o) => optionPart(p, o));
  if (reached < end && last?.kind !== END) {
    inside.push(malformedPart(p, 'TCP option length', reached));
  }
  const label = (): string => `Options: (${length} bytes), ${options.map(nameOf).join(', ')}`;
  const value = p.bytes(l.at + 20, end);
  return [{ field: OPTIONS, value, from: l.at + 20, length, label, text: () => '', inside }];
}

function nameOf(o: TcpOption): string {
  return NAMES[o.kind] ?? `Unknown (${o.kind})`;
}

function optionPart(p: PacketView, o: TcpOption): Part {
  const v = o.at + 2;
  const part = { from: o.at, length: o.length };
  const label = (words: string) => () => `TCP Option - ${nameOf(o)}${words}`;
  if (o.kind === MSS && o.length === 4) {
    return { ...part, field: MSS_VALUE, value: p.u16(v), label: label(`: ${p.u16(v)} bytes`) };
  }
  if (o.kind === WINDOW_SCALE && o.length === 3) {
    const shift = p.u8(v);
    const factor = 2 ** Math.min(shift, MAX_WINDOW_SHIFT);
    return { ...part, field: SHIFT, value: shift, label: label(`: ${shift} (multiply by ${factor})`) };
  }
  if (o.kind === TIMESTAMPS && o.length === 10) {
    const words = `: TSval ${p.u32(v)}, TSecr ${p.u32(v + 4)}`;
    return { ...part, name: 'tcp.options.timestamp', label: label(words) };
  }
  return { ...part, name: 'tcp.option', label: label(''), text: () => String(o.kind) };
}

/** What the packet list says of the options: `MSS=1460`, `WS=128`, ... */
export function optionWords(p: PacketView, l: Layer): string[] {
  return optionsOf(p, l).flatMap((o) => {
    const v = o.at + 2;
    switch (`${o.kind} ${o.length}`) {
      case `${MSS} 4`:
        return [`MSS=${p.u16(v)}`];
      case `${WINDOW_SCALE} 3`:
        return [`WS=${2 ** Math.min(MAX_WINDOW_SHIFT, p.u8(v))}`];
      case `${TIMESTAMPS} 10`:
        return [`TSval=${p.u32(v)} TSecr=${p.u32(v + 4)}`];
      default:
        return o.kind === SACK_PERMITTED ? ['SACK_PERM'] : [];
    }
  });
}
