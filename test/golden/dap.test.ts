/**
 * The seed session over DAP, as an editor runs it: each request, its answer and the events. `dap.txt` is the
 * transcript.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { processSession, type TestClient } from '../dap/client.ts';
import { golden, masked } from '../kit/golden.ts';
import { PKTGDB, ROOT } from '../kit/paths.ts';
import { SEED_ARGS, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';

const FILE = fileURLToPath(new URL('dap.txt', import.meta.url));
/** Members that count requests, or name something of one session or of one version of the sources. */
const IDS = new Set([
  'seq',
  'request_seq',
  'id',
  'frameId',
  'variablesReference',
  'declarationLocationReference',
  'valueLocationReference',
  'line',
  'endLine',
  'buildId',
]);
const WIDTH = 180;

/** JSON whose objects and arrays take one line each where they fit. */
function json(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value) ?? 'undefined';
  if (flat.length + indent.length <= WIDTH || typeof value !== 'object' || value === null) {
    return flat;
  }
  const deeper = `${indent}  `;
  if (Array.isArray(value) && value.every((v) => typeof v === 'number')) {
    return flat;
  }
  if (Array.isArray(value)) {
    return `[\n${value.map((v) => deeper + json(v, deeper)).join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).map(([k, v]) => `${deeper}${JSON.stringify(k)}: ${json(v, deeper)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/** Fields of the packet whose values differ from run to run. */
const RANDOM = /^\$pkt\.(?:frame\.time\w*|tcp\.(?:srcport|port|seq|seq_raw|checksum))$/;

/** Replaces ids by their name, values that are random, and this repository's folder. */
function anonymous(this: Record<string, unknown>, key: string, value: unknown): unknown {
  if (IDS.has(key) && typeof value === 'number' && value !== 0) {
    return key.toUpperCase();
  }
  if (typeof value !== 'string') {
    return value;
  }
  return key === 'value' && RANDOM.test(String(this['evaluateName']))
    ? 'RANDOM'
    : value.replaceAll(pathToFileURL(ROOT).href, 'FOLDER').replaceAll(ROOT, 'FOLDER');
}

/** A conversation with the adapter, written down. */
class Transcript {
  readonly client: TestClient;
  text = '';
  #seen = 0;

  constructor(client: TestClient) {
    this.client = client;
  }

  /** Sends a request; resolves to its answer's body. What came besides is written down by `flush`. */
  async ask<T extends DebugProtocol.Response>(command: string, args: object = {}): Promise<T['body']> {
    this.flush();
    this.#write('->', { command, arguments: args });
    const body = await this.client.ask<T>(command, args).catch((e: Error) => ({ error: e.message }));
    this.#write('<-', body);
    return body as T['body'];
  }

  /** A request whose answer comes later, which `promise` stands for. */
  begin(command: string, args: object): Promise<unknown> {
    this.flush();
    this.#write('->', { command, arguments: args });
    return this.client.ask(command, args);
  }

  /** A request that changes what is shown, after which the adapter says so: before or after its answer. */
  async change(command: string, args: object): Promise<void> {
    await this.ask(command, args);
    await this.client.event('invalidated');
  }

  /** Waits until the guest has printed something, counted from the last wait. */
  async printed(end: RegExp): Promise<void> {
    for (let text = ''; !end.test(text); ) {
      const { body } = await this.client.outputEvent('stdout', '');
      text += body.output;
    }
  }

  /**
   * Writes down the events since the last time in their order, but outputs after the others: the machine's
   * threads print while the session goes on. Outputs of a category are one text.
   */
  flush(): void {
    const outputs = new Map<string, string>();
    for (; this.#seen < this.client.received.length; this.#seen++) {
      const message = this.client.received[this.#seen] as DebugProtocol.Event;
      if (message.type === 'event' && message.event === 'output') {
        const { category, output } = message.body as DebugProtocol.OutputEvent['body'];
        outputs.set(category ?? '', `${outputs.get(category ?? '') ?? ''}${output}`);
      } else if (message.type === 'event') {
        this.#write('!', { event: message.event, body: message.body as unknown });
      }
    }
    for (const [category, output] of outputs) {
      this.#write(`! ${category}:`, output.trimEnd().split('\n'));
    }
  }

  #write(mark: string, value: unknown): void {
    this.text += `${mark} ${json(JSON.parse(JSON.stringify(value ?? {}, anonymous)))}\n`;
  }
}

describe('golden transcript of the debug adapter', function () {
  this.timeout(60_000);

  it('the seed session', async () => {
    const { client, child } = processSession(PKTGDB, ['-i', 'dap']);
    const t = new Transcript(client);
    const exited = once(child, 'exit');
    try {
      await session(t);
    } finally {
      child.stdin?.end();
      await exited;
    }
    golden(FILE, masked(t.text));
  });
});

/** What an editor asks, from F5 to Shift+F5. */
async function session(t: Transcript): Promise<void> {
  const { client } = t;
  await t.ask('initialize', { adapterID: 'pktgdb', pathFormat: 'path', supportsInvalidatedEvent: true });
  await client.event('initialized');
  const launched = t.begin('launch', { args: SEED_ARGS, guestCommands: [SEED_LISTEN] });
  const breakpoints = [{ name: 'e1000_receive_iov', condition: '$pkt.tcp.dstport == 5556' }, { name: 'nosuch' }];
  await t.ask('setFunctionBreakpoints', { breakpoints });
  await t.ask('configurationDone');
  await launched;
  const { body } = await client.outputEvent('stdout', 'hostfwd tcp 127.0.0.1:');
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(body.output)?.[1]);
  await t.printed(/listening on .*\n$/);
  await t.ask('threads');
  await t.ask('pktgdb/connections');
  t.flush();

  const socket = connect(port, '127.0.0.1');
  socket.end(SEED_TEXT);
  await client.stoppedEvent();
  await lookAround(t);

  await t.ask('next', { threadId: 1 });
  await client.stoppedEvent();
  const frame = await top(t);
  for (const expression of ['s->mac_reg[RDH]', '$RDH', '$pkt.tcp.dstport', 'iov->iov_len', 'nosuch']) {
    await t.ask('evaluate', { expression, frameId: frame.id, context: 'watch' });
  }
  await t.ask('evaluate', { expression: 'info registers RCTL', frameId: frame.id, context: 'repl' });
  await t.change('setExpression', { expression: '$RADV', value: '7', frameId: frame.id });
  await t.ask('completions', { text: 'info re', column: 8, frameId: frame.id });
  await t.ask('completions', { text: 'p iov', column: 6, frameId: frame.id });
  await t.ask('stepOut', { threadId: 1 });
  await client.stoppedEvent();
  await top(t);

  await t.ask('setFunctionBreakpoints', { breakpoints: [] });
  const closed = once(socket, 'close');
  await t.ask('continue', { threadId: 1 });
  await closed;
  await t.printed(/~ # $/);
  await t.ask('evaluate', { expression: 'guest cat hello.txt', context: 'repl' });
  await t.printed(/Hello qemu Geust\n~ # $/);
  await t.ask('pktgdb/connections');
  await t.ask('disconnect', { terminateDebuggee: true });
  t.flush();
}

async function top(t: Transcript): Promise<DebugProtocol.StackFrame> {
  const args = { threadId: 1, startFrame: 0, levels: 1 };
  return (await t.ask<DebugProtocol.StackTraceResponse>('stackTrace', args)).stackFrames[0]!;
}

/** The call stack and all scopes with what is below them, two levels deep; the views. */
async function lookAround(t: Transcript): Promise<void> {
  const { stackFrames } = await t.ask<DebugProtocol.StackTraceResponse>('stackTrace', { threadId: 1 });
  const { scopes } = await t.ask<DebugProtocol.ScopesResponse>('scopes', { frameId: stackFrames[0]!.id });
  for (const { name, variablesReference } of scopes) {
    const page = name.endsWith('ring') ? { filter: 'indexed', start: 0, count: 4 } : {};
    const { variables } = await t.ask<DebugProtocol.VariablesResponse>('variables', { variablesReference, ...page });
    for (const child of variables.filter((v) => v.variablesReference > 0).slice(0, 4)) {
      await t.ask('variables', { variablesReference: child.variablesReference });
    }
  }
  await t.ask('evaluate', { expression: 'bt 2', frameId: stackFrames[0]!.id, context: 'repl' });
  await t.ask('exceptionInfo', { threadId: 1 });
  await t.ask('readMemory', { memoryReference: '0x101000', count: 32 });
  await t.ask('pktgdb/rings');
  await t.ask('pktgdb/registers');
}
