/** The first NIC's registers for gdb's `$NAME` and `info registers`: the manual's names, values from shared memory. */
import type { EngineApi } from '../engine/api.ts';
import type { RegisterField } from '../stack/hw/net/e1000_fields.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import { nics } from './nics.ts';

const BY_NAME: ReadonlyMap<string, RegisterInfo> = new Map(E1000_REGISTERS.map((r) => [r.name, r]));

/** Index of a single register in `mac_reg`; undefined for names that are none and for arrays of registers. */
export function registerIndex(name: string): number | undefined {
  const r = BY_NAME.get(name);
  return r && r.count === 1 && r.group !== 'PHY' ? r.offset >> 2 : undefined;
}

/** The register or array of registers that `$NAME` means; undefined if there is none of that name. */
export function registerNamed(text: string): RegisterInfo | undefined {
  const m = /^\$(\w+)$/.exec(text.trim());
  return m ? BY_NAME.get(m[1]!) : undefined;
}

/** The name of a register's type: a struct of its fields, or the plain integer; `[N]` for an array. */
export function registerTypeName(r: RegisterInfo): string {
  const element = r.fields.length > 0 ? `struct ${r.name}` : `uint${r.width}_t`;
  return r.count > 1 ? `${element} [${r.count}]` : element;
}

/** A register's definition from the table: a struct of bit fields in C, reserved bits as fields without a name. */
export function registerDefinition(r: RegisterInfo): string {
  const stride = r.stride * 8 === r.width ? '' : `, every ${r.stride} bytes`;
  const access = r.access === 'none' ? 'not kept' : r.access;
  const facts = [`${hex(r.offset, 4)}${r.count > 1 ? stride : ''}`, access, `reset ${hex(r.reset)}`];
  const about = `/* ${facts.join(', ')}, 8254x manual ${r.section}: ${r.description} */`;
  if (r.fields.length === 0) {
    return `${registerTypeName(r)}  ${about}`;
  }
  const type = `uint${r.width}_t`;
  let text = `struct ${r.name} {  ${about}\n`;
  let next = 0;
  for (const f of r.fields) {
    text += reserved(type, f.lsb - next);
    text += `    ${type} ${f.name} : ${f.width};  /* ${fieldComment(f)} */\n`;
    next = f.lsb + f.width;
  }
  return `${text}${reserved(type, r.width - next)}}${r.count > 1 ? ` [${r.count}]` : ''}`;
}

function hex(n: number, digits = 1): string {
  return `0x${n.toString(16).padStart(digits, '0')}`;
}

function reserved(type: string, width: number): string {
  return width > 0 ? `    ${type} : ${width};\n` : '';
}

/** `bits 17:16: Buffer size (0 = 2048, ...)`. */
function fieldComment(f: RegisterField): string {
  const bits = f.width === 1 ? `bit ${f.lsb}` : `bits ${f.lsb + f.width - 1}:${f.lsb}`;
  const values = Object.entries(f.values ?? {}).map(([v, meaning]) => `${v} = ${meaning}`);
  return `${bits}: ${f.description}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
}

/** Names of groups, in the manual's order. */
export const REGISTER_GROUPS: readonly string[] = [...new Set(E1000_REGISTERS.map((r) => r.group))];

/** Registers by name or group, ignoring case; undefined if there is no such. */
export function findRegisters(name: string): readonly RegisterInfo[] | undefined {
  const wanted = name.replace(/^\$/, '').toLowerCase();
  const found = E1000_REGISTERS.filter((r) => r.name.toLowerCase() === wanted || r.group.toLowerCase() === wanted);
  return found.length > 0 ? found : undefined;
}

/** All names that `$` may stand before, sorted. */
export function registerNames(): string[] {
  return E1000_REGISTERS.filter((r) => r.count === 1)
    .map((r) => r.name)
    .sort();
}

/** The registers of the first NIC, indexed as `mac_reg`; undefined without a machine or a NIC. Reading has no side effect. */
export function macRegisters(engine: EngineApi): Uint32Array | undefined {
  return nics(engine)[0]?.registers;
}

/** The set bits and fields of a register's value, as gdb shows eflags: `[ FD ASDE SPEED=2 ]`. */
export function decodeRegister(info: RegisterInfo, value: number): string {
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
