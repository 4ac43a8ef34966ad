/** The adapter as a process: messages, and what a session hears of its death. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AdapterProcess, type Message } from '../../src/session/adapter-process.ts';
import { adapterEnvironment, checkRuntime, runtimeKey } from '../../src/session/runtime.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const program = join(root, 'dist/pktgdb.js');

/** A process and what came from it; `next` waits for a message, `crash` for the report of its death. */
class Harness {
  readonly process: AdapterProcess;
  readonly log: string[] = [];
  readonly crash: Promise<string>;
  #messages: Message[] = [];
  #wake: () => void = () => {};

  constructor(command: string, ...args: string[]) {
    let crashed: (report: string) => void = () => {};
    this.crash = new Promise((resolve) => {
      crashed = resolve;
    });
    this.process = new AdapterProcess({
      command,
      args,
      env: adapterEnvironment(),
      receive: (message) => {
        this.#messages.push(message);
        this.#wake();
      },
      log: (text) => this.log.push(text),
      crashed,
    });
  }

  async next(test: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const at = this.#messages.findIndex(test);
      if (at >= 0) {
        return this.#messages.splice(at, 1)[0]!;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const initialize = { seq: 1, type: 'request', command: 'initialize', arguments: { adapterID: 'pktgdb' } };

describe('adapter process', () => {
  let harness: Harness;

  afterEach(() => harness.process.dispose());

  it('carries requests, answers and events of the real adapter', async () => {
    harness = new Harness(process.execPath, program, '-i', 'dap');
    harness.process.send(initialize);
    const answer = await harness.next(({ type }) => type === 'response');
    assert.equal(answer['success'], true);
    await harness.next((m) => m['event'] === 'initialized');
    harness.process.send({ seq: 2, type: 'request', command: 'disconnect' });
    assert.equal((await harness.next((m) => m['command'] === 'disconnect'))['success'], true);
  });

  it('ends the session with its last words when it crashes, and answers what waits', async () => {
    harness = new Harness(
      process.execPath,
      '-e',
      'process.stdin.once("data", () => { console.error("out of luck"); process.exit(3) })',
    );
    harness.process.send(initialize);
    const report = await harness.crash;
    assert.equal(report, 'The packet debugger ended unexpectedly: it exited with code 3.\nout of luck');
    const answer = await harness.next(({ type }) => type === 'response');
    assert.deepEqual([answer['request_seq'], answer['success'], answer['message']], [1, false, report]);
    const output = await harness.next((m) => m['event'] === 'output');
    assert.deepEqual(output['body'], { category: 'stderr', output: `${report}\n` });
    await harness.next((m) => m['event'] === 'terminated');
    assert.match(harness.log.join(''), /out of luck/);
    harness.process.send({ ...initialize, seq: 2 });
    assert.equal((await harness.next((m) => m['request_seq'] === 2))['success'], false);
  });

  it('says which signal ended it', async () => {
    harness = new Harness(process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")');
    assert.match(await harness.crash, /it was ended by SIGKILL/);
  });

  it('says that there is no such program', async () => {
    harness = new Harness('/no/such/node', program);
    assert.match(await harness.crash, /ENOENT/);
  });

  it('gets over output that is no protocol', async () => {
    const body = '{"seq":1,"type":"event","event":"late"}';
    const noLength = 'Content-Type: x\r\n\r\n';
    const noMessage = 'Content-Length: 3\r\n\r\n{{{';
    const text = `${noLength}${noMessage}Content-Length: ${body.length}\r\n\r\n${body}`;
    const script = `process.stdout.write(${JSON.stringify(text)}); process.stdin.resume()`;
    harness = new Harness(process.execPath, '-e', script);
    await harness.next((m) => m['event'] === 'late');
    assert.match(harness.log.join(''), /without a length[\s\S]*what is no message/);
  });
});

describe('runtime of the adapter', () => {
  it('is this Node', async () => {
    assert.equal(await checkRuntime(process.execPath, program), undefined);
  });

  it('is refused with what it says', async () => {
    assert.equal(await checkRuntime('/no/such/node', program), 'There is no such program.');
    assert.match((await checkRuntime(process.execPath, join(root, 'no-such.js'))) ?? '', /Cannot find module/);
  });

  it('is not told what is meant for the extension host', () => {
    const env = adapterEnvironment({ PATH: '/bin', NODE_OPTIONS: '--inspect', VSCODE_INSPECTOR_OPTIONS: '{}' });
    const { MALLOC_MMAP_THRESHOLD_: threshold, ...others } = env;
    assert.deepEqual(others, { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' });
    assert.equal(threshold, '1048576');
    const own = adapterEnvironment({ MALLOC_MMAP_THRESHOLD_: '4096' });
    assert.deepEqual(own, { MALLOC_MMAP_THRESHOLD_: '4096', ELECTRON_RUN_AS_NODE: '1' });
  });

  it('is checked again when program or extension are others', () => {
    const key = runtimeKey(process.execPath, '1.0.0');
    assert.notEqual(key, runtimeKey(process.execPath, '1.0.1'));
    assert.equal(runtimeKey('/no/such/node', '1.0.0'), '');
  });
});
