/** The descriptor rings as text (Intel 8254x software developer's manual, sections 3.2.3, 3.3 and 3.4). */
import type { GuestMemory } from '../engine/api.ts';

/** Indexes of the ring registers in `mac_reg`. */
const REGISTERS = {
  rx: { letter: 'R', base: 0x2800 >> 2, length: 0x2808 >> 2, head: 0x2810 >> 2, tail: 0x2818 >> 2 },
  tx: { letter: 'T', base: 0x3800 >> 2, length: 0x3808 >> 2, head: 0x3810 >> 2, tail: 0x3818 >> 2 },
} as const;

const DESCRIPTOR_SIZE = 16;

const RX_STATUS = ['DD', 'EOP', 'IXSM', 'VP', '', 'TCPCS', 'IPCS', 'PIF'];
const RX_ERRORS = ['CE', 'SE', 'SEQ', '', 'CXE', 'TCPE', 'IPE', 'RXE'];
const TX_STATUS = ['DD', 'EC', 'LC', 'TU'];
const TX_LEGACY = ['EOP', 'IFCS', 'IC', 'RS', 'RPS', 'DEXT', 'VLE', 'IDE'];
const TX_EXTENDED = ['EOP', 'IFCS', 'TSE', 'RS', 'RPS', 'DEXT', 'VLE', 'IDE'];
const TX_CONTEXT = ['TCP', 'IP', 'TSE', 'RS', '', 'DEXT', '', 'IDE'];

function flags(value: number, names: readonly string[]): string {
  return names.filter((n, i) => n !== '' && (value >> i) & 1).join('|') || '-';
}

function hex(n: number, digits: number): string {
  return `0x${n.toString(16).padStart(digits, '0')}`;
}

/** A whole ring: a heading and a line for each descriptor; three or more in a row that nobody has used yet are folded into one. */
export function ring_text(ring: 'rx' | 'tx', mac: Uint32Array, memory: GuestMemory): string {
  const at = REGISTERS[ring];
  const base = (mac[at.base + 1] ?? 0) * 2 ** 32 + (((mac[at.base] ?? 0) & ~15) >>> 0);
  const count = ((mac[at.length] ?? 0) & 0xfff80) / DESCRIPTOR_SIZE;
  const head = mac[at.head] ?? 0;
  const tail = mac[at.tail] ?? 0;
  const l = at.letter;
  const title = ring === 'rx' ? 'Rx ring' : 'Tx ring';
  if (count === 0) {
    return `${title}: not set up (${l}DLEN is 0)\n`;
  }
  const lines: string[] = [];
  for (let i = 0; i < count; ) {
    const unused = unused_run(i, count, (k) => k !== head && k !== tail && is_unused(memory, base, k));
    if (unused >= 3) {
      lines.push(`${`[${i}]`.padStart(6)} to [${i + unused - 1}]: ${unused} descriptors, not used yet`);
      i += unused;
      continue;
    }
    const marks = [i === head ? `<- ${l}DH (head)` : '', i === tail ? `<- ${l}DT (tail)` : ''].filter((m) => m !== '');
    lines.push([`[${i}]`.padStart(6), descriptor_at(ring, memory, base + i * DESCRIPTOR_SIZE), ...marks].join(' '));
    i++;
  }
  return `${title}: ${count} descriptors at ${hex(base, 8)}, ${l}DH = ${head}, ${l}DT = ${tail}\n${lines.join('\n')}\n`;
}

/** Descriptors from `i` on that `unused` holds for. */
function unused_run(i: number, count: number, unused: (k: number) => boolean): number {
  let n = 0;
  while (i + n < count && unused(i + n)) {
    n++;
  }
  return n;
}

/** True if everything but the buffer address is zero: set up by the driver at most, never written by the NIC. */
function is_unused(memory: GuestMemory, base: number, k: number): boolean {
  const bytes = memory.read(base + k * DESCRIPTOR_SIZE + 8, 8);
  return bytes.length === 8 && bytes.every((b) => b === 0);
}

function descriptor_at(ring: 'rx' | 'tx', memory: GuestMemory, address: number): string {
  const bytes = memory.read(address, DESCRIPTOR_SIZE);
  return bytes.length < DESCRIPTOR_SIZE
    ? `Cannot access memory at address ${hex(address, 8)}`
    : descriptor(ring, new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR_SIZE));
}

function descriptor(ring: 'rx' | 'tx', v: DataView): string {
  const address = v.getUint32(0, true) + v.getUint32(4, true) * 2 ** 32;
  if (ring === 'rx') {
    const errors = v.getUint8(13);
    return (
      `addr ${hex(address, 8)} len ${String(v.getUint16(8, true)).padEnd(5)} csum ${hex(v.getUint16(10, true), 4)} ` +
      `status ${flags(v.getUint8(12), RX_STATUS)}${errors === 0 ? '' : ` errors ${flags(errors, RX_ERRORS)}`} ` +
      `special ${hex(v.getUint16(14, true), 4)}`
    );
  }
  const word = v.getUint32(8, true);
  const command = word >>> 24;
  const status = flags(v.getUint8(12), TX_STATUS);
  if ((command & 0x20) === 0) {
    return (
      `addr ${hex(address, 8)} len ${String(word & 0xffff).padEnd(5)} cso ${(word >>> 16) & 0xff} cmd ${flags(command, TX_LEGACY)} ` +
      `status ${status} css ${v.getUint8(13)} special ${hex(v.getUint16(14, true), 4)}`
    );
  }
  if (((word >>> 20) & 15) === 1) {
    return (
      `addr ${hex(address, 8)} len ${String(word & 0xfffff).padEnd(5)} data cmd ${flags(command, TX_EXTENDED)} ` +
      `status ${status} popts ${flags(v.getUint8(13), ['IXSM', 'TXSM'])} special ${hex(v.getUint16(14, true), 4)}`
    );
  }
  return (
    `context ipcss ${v.getUint8(0)} ipcso ${v.getUint8(1)} ipcse ${v.getUint16(2, true)} tucss ${v.getUint8(4)} ` +
    `tucso ${v.getUint8(5)} tucse ${v.getUint16(6, true)} paylen ${word & 0xfffff} cmd ${flags(command, TX_CONTEXT)} ` +
    `status ${status} hdrlen ${v.getUint8(13)} mss ${v.getUint16(14, true)}`
  );
}
