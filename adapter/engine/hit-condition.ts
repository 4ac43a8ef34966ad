/** Hit conditions: which hits of a breakpoint stop. */
import type { HitCondition } from '../inferior/stop.ts';
import { EngineError } from './api.ts';

const HIT_CONDITION = /^\s*(==?=?|>=?|<=?|%)?\s*(\d+)\s*$/;

/**
 * Reads DAP's hit condition: `N`, `== N`, `> N`, `>= N`, `< N`, `<= N` or `% N`; `=` and `===` are `==` too. A bare
 * number means from that hit on, as VS Code's own debugger has it. Throws `EngineError`.
 */
export function parseHitCondition(text: string): HitCondition {
  const match = HIT_CONDITION.exec(text);
  if (match === null) {
    throw new EngineError(
      `The hit condition "${text}" is not understood; write a number, or one of == > >= < <= % and a number`,
    );
  }
  const [, op = '>='] = match;
  const operand = Number(match[2]);
  switch (op) {
    case '%':
      if (operand === 0) {
        throw new EngineError('The hit condition "% 0" never holds; write % and a number of at least 1');
      }
      return { op, operand };
    case '>':
    case '>=':
    case '<':
    case '<=':
      return { op, operand };
    default:
      return { op: '==', operand };
  }
}
