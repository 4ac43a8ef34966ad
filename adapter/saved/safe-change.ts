/**
 * What the debugger has changed in a recording is JavaScript. That of a file may be anybody's, so only what could do
 * no harm is executed: an assignment of a constant to a field, an element or a local variable.
 */
import type { Change } from '../mailbox/change.ts';

const NAME = '[A-Za-z_][A-Za-z_0-9]*';
const PLACE = new RegExp(`^(?:\\$G\\.)?${NAME}(?:\\??\\.${NAME}|\\[(?:\\d+|Number\\(\\d+\\))\\])*$`);
const CONSTANT = /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?n?|true|false|null|undefined|"(?:[^"\\\u2028\u2029]|\\.)*")$/;
/** Members that lead out of the machine's own data. */
const OUTSIDE =
  /(?:^|\.)(?:constructor|prototype|__\w+__|arguments|eval|this|globalThis|process|__pktgdb)(?![A-Za-z_0-9])/;

/** True if carrying out the change can only change data of the machine. */
export function isSafe(change: Change): boolean {
  switch (change.kind) {
    case 'assign':
      return PLACE.test(change.js) && !OUTSIDE.test(change.js) && isConstant(change.valueJs);
    case 'return':
      return isConstant(change.js);
    case 'evaluate':
      return false;
    default:
      return true;
  }
}

/** A constant, with parentheses around it or without. */
function isConstant(js: string): boolean {
  const [, inner] = /^\((.*)\)$/s.exec(js) ?? [];
  return inner === undefined ? CONSTANT.test(js) : isConstant(inner);
}
