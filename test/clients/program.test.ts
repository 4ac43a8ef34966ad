/** The protocol's own test client, with the recipe of docs/clients.md: the seed session and a replay. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capture, PKTGDB, ROOT } from '../kit/paths.ts';
import { SEED_ARGS, SEED_FRAMES, SEED_LISTEN, SEED_TEXT } from '../kit/seed.ts';
import { tempFolder } from '../kit/temp.ts';
import { recipe } from './recipe.ts';

const SOURCE = join(ROOT, 'adapter/stack/hw/net/e1000.ts');
/** The first statement of e1000_receive_iov. */
const LINE =
  readFileSync(SOURCE, 'utf8')
    .split('\n')
    .findIndex((line) => /^export function e1000_receive_iov/.test(line)) + 2;

describe("the protocol's test client", () => {
  let client: DebugClient;

  beforeEach(async () => {
    const file = join(tempFolder(), 'adapter.mjs');
    writeFileSync(file, recipe('js').replace('/path/to/pktgdb/dist/pktgdb.js', PKTGDB));
    client = new DebugClient(process.execPath, file, 'pktgdb');
    await client.start();
  });

  afterEach(() => client.stop());

  /** Resolves to what a pattern catches in all that has been printed from here on. */
  function printed(pattern: RegExp): Promise<string | undefined> {
    let said = '';
    return new Promise((resolve) => {
      client.on('output', ({ body }: DebugProtocol.OutputEvent) => {
        said += body.output;
        const found = pattern.exec(said);
        if (found !== null) {
          resolve(found[1]);
        }
      });
    });
  }

  async function frames(): Promise<string[]> {
    return (await client.stackTraceRequest({ threadId: 1 })).body.stackFrames.map((frame) => frame.name);
  }

  it('runs the seed session', async () => {
    const port = printed(/hostfwd tcp 127\.0\.0\.1:(\d+)[\s\S]*istening on/);
    const launch = {
      args: SEED_ARGS,
      guestCommands: [SEED_LISTEN],
      initCommands: ['break e1000_receive_iov if $pkt.tcp.dstport == 5556'],
    };
    const stopped = client.assertStoppedLocation('breakpoint', { path: SOURCE, line: LINE });
    await Promise.all([client.configurationSequence(), client.launch(launch)]);
    const socket = connect(Number(await port), '127.0.0.1');
    socket.end(SEED_TEXT);
    await stopped;
    assert.deepEqual(await frames(), SEED_FRAMES);
    await client.evaluateRequest({ expression: 'delete', context: 'repl' });
    await client.continueRequest({ threadId: 1 });
    await once(socket, 'close');
    const text = printed(/^Hello qemu Geust$/m);
    await client.evaluateRequest({ expression: 'guest cat hello.txt', context: 'repl' });
    await text;
  });

  it('replays a capture', async () => {
    await client.hitBreakpoint({ trace: capture('02-hello.pcap') }, { path: SOURCE, line: LINE });
    assert.deepEqual(await frames(), SEED_FRAMES);
    await Promise.all([client.waitForEvent('terminated'), client.terminateRequest()]);
  });
});
