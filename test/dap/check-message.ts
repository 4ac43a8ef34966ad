/** Checks that a message has the shape that the protocol's types promise, for the messages this adapter sends. */
import assert from 'node:assert/strict';

type Shape = (value: unknown, path: string) => void;

const text: Shape = (v, path) => assert.equal(typeof v, 'string', `${path} must be a string`);
const number: Shape = (v, path) => assert.ok(Number.isFinite(v), `${path} must be a number, not ${String(v)}`);
const whole: Shape = (v, path) => assert.ok(Number.isInteger(v), `${path} must be an integer, not ${String(v)}`);
const flag: Shape = (v, path) => assert.equal(typeof v, 'boolean', `${path} must be a boolean`);
const anything: Shape = () => {};

/** One of some strings. */
function one(...values: string[]): Shape {
  return (v, path) =>
    assert.ok(values.includes(v as string), `${path} must be one of ${values.join(', ')}, not ${String(v)}`);
}

function list(item: Shape): Shape {
  return (v, path) => {
    assert.ok(Array.isArray(v), `${path} must be an array`);
    for (const [i, element] of v.entries()) {
      item(element, `${path}[${i}]`);
    }
  };
}

/** An object with these properties and no others; a name with `?` may be absent. */
function object(shape: Readonly<Record<string, Shape>>): Shape {
  return (v, path) => {
    assert.ok(typeof v === 'object' && v !== null && !Array.isArray(v), `${path} must be an object`);
    const left = new Set(Object.keys(v));
    for (const [key, check] of Object.entries(shape)) {
      const name = key.replace('?', '');
      left.delete(name);
      const value = (v as Record<string, unknown>)[name];
      if (value !== undefined || !key.endsWith('?')) {
        check(value, `${path}.${name}`);
      }
    }
    assert.deepEqual([...left], [], `${path} has properties the protocol does not know`);
  };
}

const source = object({
  'name?': text,
  'path?': text,
  'sourceReference?': whole,
  'origin?': text,
  'presentationHint?': text,
});
const hint = object({ 'kind?': text, 'attributes?': list(text), 'visibility?': text, 'lazy?': flag });
const counts = { 'indexedVariables?': whole, 'namedVariables?': whole, 'memoryReference?': text, 'type?': text };
const variable = object({
  name: text,
  value: text,
  variablesReference: whole,
  'evaluateName?': text,
  'presentationHint?': hint,
  ...counts,
});
const completion = object({
  label: text,
  'text?': text,
  'detail?': text,
  'type?': one('keyword', 'module', 'function', 'file', 'field', 'property', 'variable', 'value', 'class'),
  'start?': whole,
  'length?': whole,
});
const breakpoint = object({
  'id?': whole,
  verified: flag,
  'message?': text,
  'source?': source,
  'line?': whole,
  'column?': whole,
  'reason?': one('pending', 'failed'),
});
const frame = object({
  id: whole,
  name: text,
  'source?': source,
  line: whole,
  column: whole,
  'presentationHint?': text,
});
const scope = object({
  name: text,
  'presentationHint?': one('arguments', 'locals', 'registers'),
  variablesReference: whole,
  expensive: flag,
  'source?': source,
  'line?': whole,
  'endLine?': whole,
  'namedVariables?': whole,
  'indexedVariables?': whole,
});
const breakpoints = object({ breakpoints: list(breakpoint) });
const none: Shape = (v, path) => assert.equal(v, undefined, `${path} must be absent`);

const RESPONSES: Readonly<Record<string, Shape>> = {
  initialize: anything,
  launch: none,
  attach: none,
  configurationDone: none,
  restart: none,
  terminate: none,
  disconnect: none,
  cancel: none,
  setBreakpoints: breakpoints,
  setFunctionBreakpoints: breakpoints,
  setExceptionBreakpoints: breakpoints,
  breakpointLocations: object({ breakpoints: list(object({ line: whole, 'column?': whole })) }),
  threads: object({ threads: list(object({ id: whole, name: text })) }),
  continue: object({ allThreadsContinued: flag }),
  next: none,
  stepIn: none,
  stepOut: none,
  stepBack: none,
  reverseContinue: none,
  restartFrame: none,
  pause: none,
  stackTrace: object({ stackFrames: list(frame), 'totalFrames?': whole }),
  scopes: object({ scopes: list(scope) }),
  variables: object({ variables: list(variable) }),
  setVariable: object({ value: text, 'variablesReference?': whole, ...counts }),
  setExpression: object({ value: text, 'variablesReference?': whole, ...counts }),
  evaluate: object({ result: text, variablesReference: whole, 'presentationHint?': hint, ...counts }),
  completions: object({ targets: list(completion) }),
  readMemory: object({ address: text, 'unreadableBytes?': whole, 'data?': text }),
  writeMemory: object({ 'offset?': whole, 'bytesWritten?': whole }),
  source: object({ content: text, 'mimeType?': text }),
  loadedSources: object({ sources: list(source) }),
  exceptionInfo: object({
    exceptionId: text,
    'description?': text,
    breakMode: one('never', 'always', 'unhandled', 'userUnhandled'),
    'details?': object({ 'message?': text, 'typeName?': text, 'stackTrace?': text }),
  }),
};

const EVENTS: Readonly<Record<string, Shape>> = {
  initialized: none,
  stopped: object({
    reason: text,
    'description?': text,
    'threadId?': whole,
    'text?': text,
    'preserveFocusHint?': flag,
    'allThreadsStopped?': flag,
    'hitBreakpointIds?': list(whole),
  }),
  continued: object({ threadId: whole, 'allThreadsContinued?': flag }),
  capabilities: object({ capabilities: object({ 'supportsStepBack?': flag }) }),
  exited: object({ exitCode: whole }),
  terminated: anything,
  output: object({
    'category?': one('console', 'important', 'stdout', 'stderr'),
    output: text,
    'source?': source,
    'line?': whole,
    'column?': whole,
  }),
  breakpoint: object({ reason: one('new', 'changed', 'removed'), breakpoint }),
  progressStart: object({
    progressId: text,
    title: text,
    'requestId?': number,
    'cancellable?': flag,
    'percentage?': number,
  }),
  progressUpdate: object({ progressId: text, 'message?': text, 'percentage?': number }),
  progressEnd: object({ progressId: text, 'message?': text }),
  invalidated: object({ 'areas?': list(text), 'threadId?': whole, 'stackFrameId?': whole }),
};

const error = object({ error: object({ id: number, format: text, 'showUser?': flag, 'variables?': anything }) });

/** Requests and events between this adapter and its own extension. */
const CUSTOM = 'pktgdb/';

/** Throws an assertion error that says what is wrong with `message`. */
export function checkMessage(message: unknown): void {
  const m = message as Record<string, unknown>;
  whole(m['seq'], 'seq');
  if (m['type'] === 'event') {
    if (String(m['event']).startsWith(CUSTOM)) {
      return;
    }
    const shape = EVENTS[m['event'] as string];
    assert.ok(shape !== undefined, `an event that is not expected: ${String(m['event'])}`);
    shape(m['body'], `event ${String(m['event'])}: body`);
    return;
  }
  assert.equal(m['type'], 'response');
  whole(m['request_seq'], 'request_seq');
  text(m['command'], 'command');
  assert.ok(typeof m['command'] === 'string');
  if (m['success'] !== true) {
    text(m['message'], 'message');
    error(m['body'], `response ${String(m['command'])}: body`);
    return;
  }
  if (m['command'].startsWith(CUSTOM)) {
    return;
  }
  const shape = RESPONSES[m['command'] as string];
  assert.ok(shape !== undefined, `a response to an unknown request: ${String(m['command'])}`);
  shape(m['body'], `response ${String(m['command'])}: body`);
}
