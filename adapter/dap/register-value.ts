/** Registers met in expressions: `$RDH` and `s.mac_reg[RDH]` are shown with their bit fields. */
import { parseExpression } from '../inspect/expression/parser.ts';
import { type Nic, nics } from '../inspect/nics.ts';
import { E1000_REGISTERS } from '../stack/hw/net/e1000_regs.ts';
import type { Item, ValueFormat } from './containers.ts';
import { type Register, registerItem } from './registers.ts';
import type { PacketSession } from './session.ts';

/** The row for an expression that means a register, or undefined. Expressions that cannot be evaluated mean none. */
export async function registerValue(
  session: PacketSession,
  expression: string,
  frame: number,
  format: ValueFormat,
): Promise<Item | undefined> {
  try {
    const found = await find(session, expression, frame);
    return found === undefined ? undefined : registerItem(found, expression, format);
  } catch {
    return undefined; // evaluating it as any other expression says what is wrong with it
  }
}

async function find(session: PacketSession, expression: string, frame: number): Promise<Register | undefined> {
  const e = parseExpression(expression);
  if (e.kind === 'dollar') {
    const [nic] = nics(session.engine);
    const info = E1000_REGISTERS.find(({ name, count }) => name === e.name && count === 1);
    return nic && info && { session, nic, info, index: info.offset >> 2 };
  }
  if (e.kind !== 'index' || e.object.kind !== 'member' || e.object.name !== 'mac_reg') {
    return undefined;
  }
  const { value } = (await session.evaluator.evaluate(e.index, frame)).value;
  const index = Number(value);
  const info = E1000_REGISTERS.find(({ offset, count, stride }) => {
    const element = (index * 4 - offset) / stride;
    return Number.isInteger(element) && element >= 0 && element < count;
  });
  const nic = await nicOf(session, expression, frame);
  return nic && info && { session, nic, info, index };
}

/** The NIC whose `mac_reg` an expression reads: the only one, or the one that is the same object. */
async function nicOf(session: PacketSession, expression: string, frame: number): Promise<Nic | undefined> {
  const all = nics(session.engine);
  if (all.length === 1) {
    return all[0];
  }
  const object = expression.slice(0, expression.lastIndexOf('mac_reg')).replace(/(\.|->)\s*$/, '');
  for (const [i, nic] of all.entries()) {
    const same = await session.evaluator.evaluate(`machine->nics[${i}] == (${object})`, frame);
    if (Number(same.value.value) === 1) {
      return nic;
    }
  }
  return undefined;
}
