/** Which register an expression means: `$RDH`, or `s.mac_reg[RDH]` of a frame. */
import type { Evaluator } from './evaluator.ts';
import type { Expression } from './expression/ast.ts';
import { parseExpression } from './expression/parser.ts';
import { type Nic, nics, Register } from './nics.ts';
import { findRegister } from './registers.ts';

/** Undefined for an expression that means none, also for one that cannot be evaluated. */
export async function registerOf(evaluator: Evaluator, text: string, frame: number): Promise<Register | undefined> {
  try {
    return await find(evaluator, parseExpression(text), frame);
  } catch {
    return undefined; // evaluating it as any other expression says what is wrong with it
  }
}

async function find(evaluator: Evaluator, e: Expression, frame: number): Promise<Register | undefined> {
  if (e.kind === 'dollar') {
    const [nic] = nics(evaluator.engine);
    const info = findRegister(e.name);
    return nic && info?.count === 1 ? new Register(nic, info) : undefined;
  }
  if (e.kind !== 'index' || e.object.kind !== 'member' || e.object.name !== 'mac_reg') {
    return undefined;
  }
  const index = Number((await evaluator.evaluate(e.index, frame)).value.value);
  return (await nicOf(evaluator, e.object.object, frame))?.registerAt(index);
}

/** The NIC that an expression means: the only one, or the one that is the same object. */
async function nicOf(evaluator: Evaluator, object: Expression, frame: number): Promise<Nic | undefined> {
  const all = nics(evaluator.engine);
  if (all.length === 1) {
    return all[0];
  }
  for (const [i, nic] of all.entries()) {
    const left = parseExpression(`machine->nics[${i}]`);
    const { value } = await evaluator.evaluate({ kind: 'binary', op: '==', left, right: object }, frame);
    if (Number(value.value) === 1) {
      return nic;
    }
  }
  return undefined;
}
