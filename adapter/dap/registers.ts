/**
 * The scope `Registers`: the NIC's registers by the manual's names, in groups, with their bit fields.
 * Reading changes nothing.
 */

import { type Nic, nics } from '../inspect/nics.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';
import { RequestError } from './arguments.ts';
import { type Container, type Item, listContainer, type ValueFormat } from './containers.ts';
import { physicalReference } from './memory.ts';
import { formatNumber } from './present.ts';
import type { PacketSession } from './session.ts';

const GROUPS: readonly string[] = [...new Set(E1000_REGISTERS.map(({ group }) => group))];
const ACCESS = {
  ro: 'read only',
  rw: 'read/write',
  wo: 'write only',
  rc: 'read only, cleared by a read',
  none: 'not kept, reads as 0',
} as const;

/** One register of one NIC; `index` is into `mac_reg`. */
export interface Register {
  readonly session: PacketSession;
  readonly nic: Nic;
  readonly info: RegisterInfo;
  readonly index: number;
}

/** Groups of registers; with several NICs one row for each comes first. */
export function registersContainer(session: PacketSession): Container {
  const all = nics(session.engine);
  const [only] = all;
  if (only === undefined) {
    return listContainer(() => [{ name: 'registers', value: '(the machine has no e1000)' }]);
  }
  return all.length === 1
    ? groupsContainer(session, only)
    : listContainer(() =>
        all.map((nic) => ({ name: nic.name, value: 'e1000', children: groupsContainer(session, nic) })),
      );
}

function groupsContainer(session: PacketSession, nic: Nic): Container {
  return listContainer(() =>
    GROUPS.map((group): Item => {
      const infos = E1000_REGISTERS.filter((info) => info.group === group);
      return { name: group, value: `${infos.length} registers`, children: groupContainer(session, nic, infos) };
    }),
  );
}

function groupContainer(session: PacketSession, nic: Nic, infos: readonly RegisterInfo[]): Container {
  const single = (info: RegisterInfo): Register => ({ session, nic, info, index: info.offset >> 2 });
  return listContainer(
    (format) =>
      infos.map((info) =>
        info.count > 1 ? arrayItem(session, nic, info) : registerItem(single(info), info.name, format),
      ),
    async (name, value, format) => {
      const info = infos.find((one) => one.name === name);
      if (info === undefined || info.count > 1) {
        throw new RequestError(`${name} cannot be set as a whole; set one of its elements.`);
      }
      setRegister(single(info), name, parseNumber(value));
      return registerItem(single(info), name, format);
    },
  );
}

/** An array of registers, such as MTA. */
function arrayItem(session: PacketSession, nic: Nic, info: RegisterInfo): Item {
  const element = (i: number): Register => ({ session, nic, info, index: (info.offset + i * info.stride) >> 2 });
  const children: Container = {
    named: 0,
    indexed: info.count,
    rows: async (start, count, format) => {
      const end = Math.min(start + count, info.count);
      return Array.from({ length: Math.max(0, end - start) }, (_, i) =>
        registerItem(element(start + i), `[${start + i}]`, format),
      );
    },
    set: async (name, value, format) => {
      const i = Number(/^\[(\d+)\]$/.exec(name)?.[1] ?? Number.NaN);
      if (!(i < info.count)) {
        throw new RequestError(`${info.name} has no element ${name}.`);
      }
      setRegister(element(i), name, parseNumber(value));
      return registerItem(element(i), name, format);
    },
  };
  return {
    name: info.name,
    value: `${info.count} registers`,
    type: `${info.description} (offset ${formatNumber(info.offset, { hex: true }, 16)})`,
    children,
  };
}

export function registerItem(register: Register, name: string, format: ValueFormat): Item {
  const { nic, info, index } = register;
  // `$NAME` in an expression means the first NIC's.
  const plain = info.count === 1 && nic === nics(register.session.engine)[0];
  return {
    name,
    value: formatNumber(read(register), format, info.width),
    type: `${info.description} (offset ${formatNumber(index << 2, { hex: true }, 16)}, ${ACCESS[info.access]})`,
    ...(plain || nics(register.session.engine).length === 1 ? expressionFor(info, index) : {}),
    ...mmioReference(register),
    ...(info.fields.length > 0 ? { children: fieldsContainer(register) } : {}),
  };
}

function expressionFor(info: RegisterInfo, index: number): Pick<Item, 'evaluateName'> {
  return { evaluateName: info.count === 1 ? `$${info.name}` : `machine->nics[0]->mac_reg[${index}]` };
}

/** Where the register is in guest physical memory. */
function mmioReference({ session, nic, index }: Register): Pick<Item, 'memoryReference'> {
  const window = session.engine.memory.regions.find((region) => region.name === nic.name);
  return window === undefined ? {} : { memoryReference: physicalReference(window.start + index * 4) };
}

function fieldsContainer(register: Register): Container {
  return listContainer(
    (format) => register.info.fields.map((field) => fieldItem(register, field, format)),
    async (name, value, format) => {
      const field = register.info.fields.find((one) => one.name === name);
      if (field === undefined) {
        throw new RequestError(`${register.info.name} has no field ${name}.`);
      }
      const number = parseNumber(value);
      if (number >= 2 ** field.width) {
        throw new RequestError(`${name} has ${field.width} bits; ${value} does not fit.`);
      }
      const below = 2 ** field.lsb;
      const old = Math.floor(read(register) / below) % 2 ** field.width;
      setRegister(register, register.info.name, read(register) + (number - old) * below);
      return fieldItem(register, field, format);
    },
  );
}

function fieldItem(register: Register, field: RegisterInfo['fields'][number], format: ValueFormat): Item {
  const value = Math.floor(read(register) / 2 ** field.lsb) % 2 ** field.width;
  const meaning = field.values?.[value];
  const bits = field.width === 1 ? `bit ${field.lsb}` : `bits ${field.lsb}-${field.lsb + field.width - 1}`;
  return {
    name: field.name,
    value:
      (field.width === 1 ? String(value) : formatNumber(value, format)) +
      (meaning === undefined ? '' : ` (${meaning})`),
    type: `${field.description} (${bits})`,
  };
}

function read({ nic, index }: Register): number {
  return nic.registers[index] ?? 0;
}

/** Stores the raw value: no side effect of a guest's write happens. */
export function setRegister({ nic, index }: Pick<Register, 'nic' | 'index'>, name: string, value: number): void {
  if (value > 0xffffffff) {
    throw new RequestError(`${name} has 32 bits; ${value} does not fit.`);
  }
  nic.registers[index] = value;
}

/** A number in C's notation (also 0b101), at least 0; what follows in brackets, as in `2 (1000 Mb/s)`, is left out. */
export function parseNumber(text: string): number {
  const bare = text.replace(/\s*\(.*\)\s*$/, '').trim();
  if (!/^(0x[0-9a-f]+|0b[01]+|\d+)$/i.test(bare)) {
    throw new RequestError(`"${text}" is not a number; write one such as 255, 0xff or 0b11111111.`);
  }
  return /^0[0-7]+$/.test(bare) ? Number.parseInt(bare, 8) : Number(bare);
}
