/** The first NIC's registers for gdb's `$NAME` and `info registers`: the manual's names, values from shared memory. */
import type { EngineApi } from '../engine/api.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import { nics } from './nics.ts';

const BY_NAME: ReadonlyMap<string, RegisterInfo> = new Map(E1000_REGISTERS.map((r) => [r.name, r]));

/** Index of a single register in `mac_reg`; undefined for names that are none and for arrays of registers. */
export function register_index(name: string): number | undefined {
  const r = BY_NAME.get(name);
  return r && r.count === 1 && r.group !== 'PHY' ? r.offset >> 2 : undefined;
}

/** Names of groups, in the manual's order. */
export const REGISTER_GROUPS: readonly string[] = [...new Set(E1000_REGISTERS.map((r) => r.group))];

/** Registers by name or group, ignoring case; undefined if there is no such. */
export function find_registers(name: string): readonly RegisterInfo[] | undefined {
  const wanted = name.replace(/^\$/, '').toLowerCase();
  const found = E1000_REGISTERS.filter((r) => r.name.toLowerCase() === wanted || r.group.toLowerCase() === wanted);
  return found.length > 0 ? found : undefined;
}

/** All names that `$` may stand before, sorted. */
export function register_names(): string[] {
  return E1000_REGISTERS.filter((r) => r.count === 1)
    .map((r) => r.name)
    .sort();
}

/** The registers of the first NIC, indexed as `mac_reg`; undefined without a machine or a NIC. Reading has no side effect. */
export function mac_registers(engine: EngineApi): Uint32Array | undefined {
  return nics(engine)[0]?.registers;
}

/** The set bits and fields of a register's value, as gdb shows eflags: `[ FD ASDE SPEED=2 ]`. */
export function decode_register(info: RegisterInfo, value: number): string {
  const [only] = info.fields;
  if (!only || (info.fields.length === 1 && only.width > 1)) {
    return '';
  }
  const words: string[] = [];
  for (const f of info.fields) {
    const v = Math.floor(value / 2 ** f.lsb) % 2 ** f.width;
    if (v !== 0) {
      words.push(f.width === 1 ? f.name : `${f.name}=${f.values?.[v] ?? v}`);
    }
  }
  return `[ ${[...words, ''].join(' ')}]`;
}
