/** Commands that the system refuses something: each says what in a line, and the session goes on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ERRNOS, listeners, type Place, refuse } from '../kit/faults.ts';
import { tempFolder } from '../kit/temp.ts';
import { until } from '../kit/until.ts';
import { Session } from './session.ts';

/** How each errno may be said. */
const SAID = { EACCES: 'EACCES|Permission denied|may not' } as const;

describe('a command that the system refuses something', () => {
  const folder = tempFolder();
  const file = join(folder, 'file');
  let s: Session;

  beforeEach(async () => {
    s = new Session();
    await s.run('break add');
  });
  afterEach(() => s.gdb.dispose());

  const commands: readonly (readonly [line: string, ...calls: (readonly [Place, string])[]])[] = [
    ['shell true', ['process', 'spawn']],
    ['pipe print 1 | cat', ['process', 'spawn']],
    ['host listen tcp:127.0.0.1:0', ['tcp', 'bind'], ['tcp', 'listen']],
    ['host listen udp:127.0.0.1:0', ['udp', 'bind']],
    ['host send tcp:127.0.0.1:9 x', ['tcp', 'connect']],
    ['host send udp:127.0.0.1:9 x', ['udp', 'bind'], ['udp', 'send']],
    [`save breakpoints ${file}`, ['fs', 'openSync']],
    [`dump memory ${file} 0 16`, ['fs', 'openSync']],
    [`append memory ${file} 0 16`, ['fs', 'openSync']],
    [`set logging file ${file}\nset logging enabled on`, ['fs', 'openSync']],
    [`source ${file}`, ['fs', 'readFileSync']],
    [`restore ${file} binary 0`, ['fs', 'readFileSync']],
    [`save packet ${file}`, ['fs', 'openSync']],
  ];
  for (const [line, ...calls] of commands) {
    for (const [place, call] of calls) {
      it(`${line.split('\n').at(-1)?.replace(file, 'FILE')}: ${place}.${call}`, async () => {
        for (const errno of ERRNOS) {
          const accept = refuse(place, call, errno);
          let text = '';
          try {
            text = await s.run(...line.split('\n'));
          } finally {
            assert.ok(accept() > 0, `${call} was not called`);
          }
          assert.match(text, new RegExp(`^![^\\n]*(${{ ...SAID }[errno as 'EACCES'] ?? errno})[^\\n]*\\n$`));
          assert.equal(await s.run('echo on'), 'on');
          assert.deepEqual(readdirSync(folder), []);
        }
      });
    }
  }

  it('logging to a disk that becomes full is given up with one line, and what is printed is seen', async () => {
    await s.run(`set logging file ${join(tempFolder(), 'log')}`, 'set logging redirect on', 'set logging enabled on');
    assert.equal(await s.run('echo logged\\n'), '');
    const accept = refuse('fs', 'writeSync', 'ENOSPC');
    assert.match(
      await s.run('echo one\\n'),
      /^![^\n]*log cannot be written any more, logging ends: ENOSPC[^\n]*\none\n$/,
    );
    assert.equal(accept(), 1);
    assert.equal(await s.run('echo two\\n'), 'two\n');
    assert.match(readFileSync(s.gdb.settings.logging.file, 'utf8'), /logged\n$/);
    assert.match(await s.run('show logging'), /Logging is disabled/);
  });

  it('host listen takes the next connection after one that could not be taken', async () => {
    const all = listeners();
    const said = await s.run('host listen tcp:127.0.0.1:0');
    all.end();
    let heard = '';
    const write = (text: string): void => {
      heard += text;
    };
    Object.assign(s.gdb.options, { write });
    for (const errno of ERRNOS) {
      assert.equal(all.refuse(errno), 1);
      assert.match(heard, new RegExp(errno));
    }
    const client = connect(Number(/:(\d+)\.\n$/.exec(said)?.[1]), '127.0.0.1');
    await until(() => heard.includes('connected'), 'the next one');
    client.destroy();
  });
});
