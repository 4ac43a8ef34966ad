/** A system that refuses files: each command that writes or reads one says what is wrong, and the prompt goes on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync, readSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { ERRNOS, type Errno, refuse } from '../kit/faults.ts';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

/** What is refused of which command, whose file is at the end or in the place of FILE. */
const COMMANDS: readonly (readonly [call: string, command: string])[] = [
  ['openSync', 'dump pcap FILE'],
  ['openSync', 'dump pcap FILE tcp in slirp'],
  ['openSync', 'save packet FILE'],
  ['openSync', 'follow stream 0 file FILE'],
  ['openSync', 'dump journey FILE'],
  ['openSync', 'dump vpp FILE'],
  ['openSync', 'dump memory FILE 0x1000 0x1010'],
  ['openSync', 'append memory FILE 0x1000 0x1010'],
  ['openSync', 'save breakpoints FILE'],
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

  function pipe(): string {
    const path = join(tempFolder(), 'pipe.mjs');
    execFileSync('mkfifo', [path]);
    return path;
  }

  const UNREAD = [...COMMANDS.map(([, command]) => command).filter((c) => !c.startsWith('record')), 'set logging file'];

  for (const command of UNREAD) {
    it(`${command}: a pipe that nobody reads is refused`, async () => {
      const answer = await said(
        command.startsWith('set')
          ? `with logging file ${pipe()} -- set logging enabled on`
          : command.replace('FILE', pipe()),
      );
      assert.match(answer, /^[^\n]*nobody reads this pipe[^\n]*\n$/);
    });
  }

  it('a pipe gets all, as fast as it is read', async () => {
    const path = pipe();
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const length = 1 << 20;
    // It holds less than that.
    const dumped = said(`dump memory ${path} 0 ${length}`);
    let read = 0;
    const bytes = Buffer.alloc(1 << 16);
    const reading = setInterval(() => {
      try {
        read += readSync(reader, bytes);
      } catch (e) {
        assert.match(String(e), /EAGAIN/);
      }
    }, 0);
    assert.equal(await dumped, '');
    clearInterval(reading);
    for (let n = readSync(reader, bytes); n > 0; n = readSync(reader, bytes)) {
      read += n;
    }
    assert.equal(read, length);
    // Somebody has it open, and reads nothing.
    const given = said(`dump memory ${path} 0 ${length}`);
    const interrupts = setInterval(() => gdb.interrupt(), 1);
    assert.equal(await given, 'Quit\n');
    clearInterval(interrupts);
    closeSync(reader);
  });

  it('a recording takes the place of files only', async () => {
    const path = pipe();
    assert.match(await said(`record save ${path}`), /it is not a regular file/);
    assert.ok(lstatSync(path).isFIFO());
    const folder = tempFolder();
    const link = join(folder, 'link');
    await said(`dump memory ${join(folder, 'file')} 0 16`);
    symlinkSync('file', link);
    await said(`record save ${link}`);
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.ok(readFileSync(join(folder, 'file')).length > 16);
    assert.deepEqual(readdirSync(folder), ['file', 'link']);
  });

  it('a script in JavaScript is a regular file', async () => {
    const path = pipe();
    assert.equal(await said(`source ${path}`), `${path}: Not a regular file.\n`);
  });
});
