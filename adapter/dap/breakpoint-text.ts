/** Log messages of breakpoints, as DAP writes them. */
import type { BreakpointSpec } from '../engine/api.ts';
import type { Evaluator } from '../inspect/evaluator.ts';
import { RequestError } from './arguments.ts';

/**
 * Splits a log message into text and the expressions in braces: `size {size} from {$pkt.ip.src}`.
 * `{$pkt}` is the packet's line in a packet list, `{#}` its number there and the time. `\{` and `{{` stand for a brace.
 * Throws for a brace that is not closed and for expressions that do not parse.
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
      parts.push(evaluator.shownExpression(message.slice(i + 1, end)));
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
