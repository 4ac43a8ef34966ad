/** `js` and `source FILE.mjs`, at the prompt of the program: what scripts can do, and what they cannot harm. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { capture, PKTGDB, ROOT } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

/** What the program prints for commands, in a replay of the seed. */
async function output(...commands: readonly string[]): Promise<string> {
  const args = commands.flatMap((command) => ['-ex', command]);
  const child = spawn(process.execPath, [PKTGDB, '-q', '-batch', '-nx', '-r', capture('02-hello.pcap'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  child.stderr.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  return text;
}

/** A file with a script. */
function script(text: string): string {
  const file = join(tempFolder(), 'script.mjs');
  writeFileSync(file, text);
  return file;
}

describe('JavaScript', () => {
  it('is what the example and docs/scripting.md show', async () => {
    const text = await output('source examples/handshake.mjs');
    assert.match(text, /^10\.0\.2\.2 -> 10\.0\.2\.15, port 5556, 25 frames deep$/m);
    assert.match(text, /^it is handed to e1000\.0 \(NetClientState\)$/m);
    assert.match(text, /^1 {2}\d+:\d+ .* tcp_connect \(/m);
    const example = readFileSync(join(ROOT, 'examples/handshake.mjs'), 'utf8');
    const [, shown = ''] =
      /```js\n\/\/ examples\/handshake\.mjs\n(.*?)```/s.exec(readFileSync(join(ROOT, 'docs/scripting.md'), 'utf8')) ??
      [];
    for (const line of shown.trim().split('\n')) {
      assert.ok(example.includes(line), line);
    }
  });

  it('is typed by examples/pktgdb.d.ts', () => {
    const files = ['handshake.mjs', 'pktgdb.d.ts'].map((name) => join(ROOT, 'examples', name));
    const program = ts.createProgram(files, {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      types: [],
    });
    const wrong = ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, '\n'));
    assert.deepEqual(wrong, []);
  });

  it('evaluates lines, which share their variables, and says what is wrong with them', async () => {
    const text = await output(
      'js let n = 6',
      'js n * 7',
      "js await pktgdb.run('print 40 + 3')",
      'js n +',
      'js no.such',
      'js throw 5',
      "js pktgdb.on('nothing', () => 0)",
      'source no.mjs',
    );
    assert.match(text, /^42$/m);
    assert.match(text, /^'\$1 = 43\\n'$/m);
    assert.match(text, /^SyntaxError: Unexpected/m);
    assert.match(text, /^ReferenceError: no is not defined \(js:1\)$/m);
    assert.match(text, /^5$/m);
    assert.match(text, /^TypeError: There is no event "nothing"; there are stopped.* \(js:1:\d+\)$/m);
    assert.match(text, /^no\.mjs: No such file or directory\.$/m);
  });

  it('has blocks, within others too, in which nothing but "end" means something', async () => {
    const file = join(tempFolder(), 'blocks.gdb');
    writeFileSync(
      file,
      `js
let seen = [];
if (seen.length === 0) {
  seen.push(\`a
    b\`);
}
seen.length
end
define twice
  js
    for (const n of [1, 2]) {
      console.log(n, await pktgdb.run('print $arg0'));
    }
  end
end
twice 7
if 0
  js
    else
  end
else
  js
    console.log(seen[0]);
  end
end
break tcp_connect
commands
  silent
  js
    const { function: fn } = (await pktgdb.frames())[0];
    console.log('in', fn);
  end
  continue
end
run
js
  no.such
end
echo not reached\\n
`,
    );
    const text = await output(`source ${file}`);
    assert.match(text, /^1 \$1 = 7\n\n2 \$2 = 7\n\na\n {4}b\nBreakpoint 1 at tcp_connect/m);
    assert.match(text, /^in tcp_connect$/m);
    assert.match(text, /blocks\.gdb:38: .*\nReferenceError: no is not defined \(js:1\)$/m);
    assert.doesNotMatch(text, /not reached|^1$/m);
  });

  it('listens to events, sets conditions, and refuses functions that cannot be taken to the machine', async () => {
    const file = script(`
      let stops = 0;
      pktgdb.on('stopped', async () => { stops++; });
      const bp = await pktgdb.breakpoint('e1000.ts:270', { condition: 'iovcnt == 1' });
      await pktgdb.breakpoint('tcp_input', { async stop() {} }).catch((e) => pktgdb.print(e.message));
      await pktgdb.breakpoint('tcp_inputt').catch((e) => pktgdb.print(e.message));
      const never = { stop(locals, packet) { return packet('tcp.len') === 77; } };
      const method = await pktgdb.breakpoint('tcp_connect', never);
      await pktgdb.run('run');
      await new Promise(setImmediate);
      pktgdb.print(stops, (await pktgdb.breakpoints()).map(({ id, hits }) => [id === bp.id, id === method.id, hits]));
      pktgdb.print(await pktgdb.evaluate('iov[0].iov_len'), await pktgdb.evaluate('$pkt.ip.src'));
    `);
    const text = await output(`source ${file}`);
    assert.match(text, /^stop must be a plain function: it is taken to the machine as text$/m);
    assert.match(text, /^Function "tcp_inputt" not defined\. Did you mean tcp_input/m);
    assert.match(text, /^1 \[.*\[ true, false, 1 \], \[ false, true, 0 \]/m);
    assert.match(text, /^\d+ \d+$/m);
  });

  it('is ended when it needs too much memory or ends its thread, and the next script runs', async () => {
    const text = await output(
      'js const a = []; for (;;) a.push(new Array(1e6).fill(a.length + 0.5))',
      'js process.exit(3)',
      'js 6 * 7',
    );
    assert.match(text, /^The script needs more than 256 MB; it was ended\.$/m);
    assert.match(text, /^The script has ended its thread\.$/m);
    assert.match(text, /^42$/m);
  }).timeout(60_000);

  it('ends at Ctrl-C, whatever it does', async () => {
    const child = spawn(process.execPath, [PKTGDB, '-q', '-nx', '-ex', "js pktgdb.print('busy'); for (;;);"], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    const said = async (what: string): Promise<void> => {
      while (!text.includes(what)) {
        text += String((await once(child.stdout, 'data'))[0]);
      }
    };
    child.stdin.write('js 6 * 7\n');
    await said('busy');
    child.kill('SIGINT');
    await said('42');
    child.stdin.end();
    await once(child, 'close');
  });
});
