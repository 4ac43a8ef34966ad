/**
 * The scope `Registers`: the NIC's registers by the manual's names, in groups, with their bit fields. Reading changes
 * nothing.
 */

import { queryRequest } from '../commands/query-text.ts';
import { type Nic, nics, noNicText, Register } from '../inspect/nics.ts';
import { rowText } from '../inspect/queries.ts';
import { ACCESS, fieldValue } from '../inspect/register-notation.ts';
import { registerOf } from '../inspect/register-of.ts';
import { REGISTERS_BY_GROUP, type RegisterField, type RegisterInfo } from '../inspect/registers.ts';
import { hex, parseNumber } from '../packets/format.ts';
import { RequestError } from './arguments.ts';
import { type Container, type Item, listContainer, type ValueFormat } from './containers.ts';
import { registerPlace } from './locations.ts';
import { physicalReference } from './memory.ts';
import { ongoing } from './ongoing.ts';
import { formatNumber } from './present.ts';
import type { PacketSession } from './session.ts';

/** Groups of registers; with several NICs one row for each comes first. */
export function registersContainer(session: PacketSession): Container {
  const all = nics(session.engine);
  const [only] = all;
  if (only === undefined) {
    return listContainer(() => [{ name: 'registers', value: `(${noNicText(session.engine)})` }]);
  }
  return all.length === 1
    ? groupsContainer(session, only)
    : listContainer(() =>
        all.map((nic) => ({ name: nic.name, value: 'e1000', children: groupsContainer(session, nic) })),
      );
}

/** The row for an expression that means a register, with its bit fields below, or undefined. */
export async function registerValue(
  session: PacketSession,
  expression: string,
  frame: number,
  format: ValueFormat,
): Promise<Item | undefined> {
  const register = await registerOf(session.evaluator, expression, frame);
  return register && registerItem(session, register, expression, format);
}

function groupsContainer(session: PacketSession, nic: Nic): Container {
  return listContainer(() =>
    REGISTERS_BY_GROUP.map(({ name, registers }): Item => {
      return { name, value: `${registers.length} registers`, children: groupContainer(session, nic, registers) };
    }),
  );
}

function groupContainer(session: PacketSession, nic: Nic, infos: readonly RegisterInfo[]): Container {
  return listContainer(
    (format) =>
      infos.map((info) =>
        info.count > 1
          ? arrayItem(session, nic, info)
          : registerItem(session, new Register(nic, info), info.name, format),
      ),
    async (name, value, format) => {
      const info = infos.find((one) => one.name === name);
      if (info === undefined || info.count > 1) {
        throw new RequestError(`${name} cannot be set as a whole; set one of its elements.`);
      }
      return setRegister(session, new Register(nic, info), name, value, format);
    },
  );
}

/** An array of registers, such as MTA. */
function arrayItem(session: PacketSession, nic: Nic, info: RegisterInfo): Item {
  const children: Container = {
    named: 0,
    indexed: info.count,
    rows: async (start, count, format) => {
      const end = Math.min(start + count, info.count);
      return Array.from({ length: Math.max(0, end - start) }, (_, i) =>
        registerItem(session, new Register(nic, info, start + i), `[${start + i}]`, format),
      );
    },
    set: async (name, value, format) => {
      const i = Number(/^\[(\d+)\]$/.exec(name)?.[1] ?? Number.NaN);
      if (!(i < info.count)) {
        throw new RequestError(`${info.name} has no element ${name}.`);
      }
      return setRegister(session, new Register(nic, info, i), name, value, format);
    },
  };
  return {
    name: info.name,
    value: `${info.count} registers`,
    type: `${info.description} (offset ${hex(info.offset, 4)})`,
    children,
  };
}

function registerItem(session: PacketSession, register: Register, name: string, format: ValueFormat): Item {
  const { engine } = session;
  const { info } = register;
  const { access, effect } = ACCESS[info.access];
  const facts = [`offset ${hex(register.offset, 4)}`, access, ...(effect === undefined ? [] : [effect])];
  const evaluateName = register.expression(engine);
  const address = register.address(engine);
  const declaration = registerPlace(engine.info, info.name);
  return {
    name,
    value: formatNumber(register.value, format, info.width),
    type: `${info.description} (${facts.join(', ')})`,
    ...(evaluateName === undefined ? {} : { evaluateName }),
    ...(address === undefined ? {} : { memoryReference: physicalReference(address) }),
    ...(declaration === undefined ? {} : { declaration }),
    ...(info.fields.length > 0 ? { children: fieldsContainer(session, register) } : {}),
  };
}

async function setRegister(
  session: PacketSession,
  register: Register,
  name: string,
  value: string,
  format: ValueFormat,
): Promise<Item> {
  const number = readNumber(value);
  if (!(await register.store(number))) {
    throw new RequestError(`${name} has 32 bits; ${number} does not fit.`);
  }
  return registerItem(session, register, name, format);
}

function fieldsContainer(session: PacketSession, register: Register): Container {
  const { info } = register;
  return listContainer(
    (format) => [
      ...info.fields.map((field) => fieldItem(register, field, format)),
      ...lastWriteItems(session, register),
    ],
    async (name, value, format) => {
      const field = info.fields.find((one) => one.name === name);
      if (field === undefined) {
        throw new RequestError(`${info.name} has no field ${name}.`);
      }
      if (!(await register.store(readNumber(value), field))) {
        throw new RequestError(`${name} has ${field.width} bits; ${value} does not fit.`);
      }
      return fieldItem(register, field, format);
    },
  );
}

function fieldItem(register: Register, field: RegisterField, format: ValueFormat): Item {
  const { lsb, width, name, description } = field;
  const { bits, meaning } = fieldValue(register.value, field);
  const text = width === 1 ? String(bits) : formatNumber(bits, format);
  return {
    name,
    value: `${text}${meaning === undefined ? '' : ` (${meaning})`}`,
    type: `${description} (${width === 1 ? `bit ${lsb}` : `bits ${lsb}-${lsb + width - 1}`})`,
  };
}

/** A number in C's notation; what follows in brackets, as in `2 (1000 Mb/s)`, is left out. */
export function readNumber(text: string): number {
  const number = parseNumber(text.replace(/\s*\(.*\)\s*$/, '').trim());
  if (number === undefined) {
    throw new RequestError(`"${text}" is not a number; write one such as 255, 0xff or 0b11111111.`);
  }
  return number;
}

const LAST_WRITE = 'last write';

/** Who wrote the register last. To find out is to execute history again, so a client asks for it when it is wanted. */
function lastWriteItems(session: PacketSession, register: Register): Item[] {
  const { engine, evaluator } = session;
  const expression = register.expression(engine);
  if (engine.history === undefined || expression === undefined) {
    return [];
  }
  const rows = async (): Promise<readonly Item[]> => {
    const request = queryRequest(engine, evaluator, 'last-write', expression, -1);
    const signal = ongoing()?.cancellation.signal;
    let value = '(nothing has written it)';
    await engine.query(request, {
      limit: 1,
      rows: ([row]) => {
        value = row === undefined ? value : rowText(request, row);
      },
      ...(signal === undefined ? {} : { signal }),
    });
    return [{ name: LAST_WRITE, value }];
  };
  const presentationHint = { attributes: ['readOnly'], lazy: true };
  return [{ name: LAST_WRITE, value: '', presentationHint, children: { named: 0, indexed: 0, rows } }];
}
