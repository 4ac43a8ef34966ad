/** A system that refuses files: each command that writes or reads one says what is wrong, and the prompt goes on. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { ERRNOS, type Errno, refuse } from '../kit/faults.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

/** What is refused of which command, whose file is at the end or in the place of FILE. */
const COMMANDS: readonly (readonly [call: string, command: string])[] = [
  ['writeFileSync', 'dump pcap FILE'],
  ['writeFileSync', 'dump pcap FILE tcp in slirp'],
  ['writeFileSync', 'save packet FILE'],
  ['writeFileSync', 'follow stream 0 file FILE'],
  ['writeFileSync', 'dump journey FILE'],
  ['writeFileSync', 'dump vpp FILE'],
  ['writeFileSync', 'dump memory FILE 0x1000 0x1010'],
  ['appendFileSync', 'append memory FILE 0x1000 0x1010'],
  ['writeFileSync', 'save breakpoints FILE'],
  ['openSync', 'record save FILE'],
];

/** What gdb says of them. */
const WORDS: Readonly<Record<Errno, string>> = {
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
  ENOMEM: 'Cannot allocate memory',
  EAGAIN: 'Resource temporarily unavailable',
  ENOSPC: 'No space left on device',
  EACCES: 'Permission denied',
};

describe('files at the prompt that the system refuses', function () {
  this.timeout(60_000);
  let engine: Engine;
  let gdb: GdbInterpreter;
  let printed = '';

  before(async () => {
    engine = await Engine.create();
    gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      launch: { args: ['-nic', 'user,model=e1000'], traces: [capture('02-hello.pcap')] },
      write: (text) => {
        printed += text;
      },
    });
    for (const line of ['set journey on', 'break receive_filter if $pkt.tcp.len > 0', 'run']) {
      await gdb.execute(line);
    }
  });

  after(async () => {
    gdb.dispose();
    await engine.dispose();
  });

  async function said(line: string): Promise<string> {
    printed = '';
    await gdb.execute(line);
    return printed;
  }

  for (const [call, command] of COMMANDS) {
    it(command, async () => {
      const folder = tempFolder();
      const file = join(folder, 'file');
      const line = command.replace('FILE', file);
      for (const errno of ERRNOS) {
        const accept = refuse('fs', call, errno);
        let answer: string;
        try {
          answer = await said(line);
        } finally {
          assert.ok(accept() > 0, `${call} was not called: ${printed}`);
        }
        assert.match(answer, new RegExp(`^[^\\n]*(${errno}|${WORDS[errno]})[^\\n]*\\n$`));
      }
      assert.deepEqual(readdirSync(folder), [], 'nothing is left of it');
      await said(line);
      assert.deepEqual(readdirSync(folder), ['file'], printed);
    });
  }
});
