/** The texts of breakpoints that are DAP's own: hit conditions and log messages. */
import type { BreakpointSpec } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { RequestError } from './arguments.ts';

/** Checks a hit condition and brings it into the engine's form: `5`, `== 5`, `> 5`, `>= 5`, `< 5`, `<= 5` or `% 5`. */
export function parseHitCondition(text: string): string {
  const match = /^(==?=?|>=?|<=?|%)?\s*(\d+)$/.exec(text);
  if (match === null) {
    throw new RequestError(
      `The hit condition "${text}" is not understood; write a number, or one of == > >= < <= % and a number`,
    );
  }
  const operator = match[1]?.startsWith('=') ? '==' : match[1];
  const count = Number(match[2]);
  if (operator === '%' && count === 0) {
    throw new RequestError('The hit condition "% 0" never holds; write % and a number of at least 1');
  }
  return operator === undefined ? String(count) : `${operator} ${count}`;
}

/**
 * Splits a log message into text and the expressions in braces: `size {size} from {$pkt.ip.src}`.
 * `\{` and `{{` stand for a brace. Throws for a brace that is not closed and for expressions that do not parse.
 */
export function parseLogMessage(message: string, evaluator: Evaluator): NonNullable<BreakpointSpec['log']> {
  const parts: NonNullable<BreakpointSpec['log']>[number][] = [];
  let text = '';
  for (let i = 0; i < message.length; i++) {
    const c = message[i]!;
    const next = message[i + 1];
    if ((c === '\\' && (next === '{' || next === '}')) || ((c === '{' || c === '}') && next === c)) {
      text += next;
      i++;
    } else if (c === '{') {
      const end = message.indexOf('}', i);
      if (end < 0) {
        throw new RequestError(
          `The log message has a { at position ${i + 1} that is not closed; write \\{ for a brace`,
        );
      }
      if (text !== '') {
        parts.push(text);
      }
      text = '';
      parts.push(evaluator.expression(message.slice(i + 1, end)));
      i = end;
    } else {
      text += c;
    }
  }
  if (text !== '') {
    parts.push(text);
  }
  return parts;
}
