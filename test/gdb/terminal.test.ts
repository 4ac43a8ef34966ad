/** What a user of a terminal does: pages, colours, keys, job control. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';
import { KEY, PROMPT, SHELL_PROMPT, ShellTerminal } from './terminal.ts';

const MORE = '--Type <RET> for more, q to quit, c to continue without paging--';
const HELLO = ['-r', capture('02-hello.pcap')];

/** Lines of a text, the empty last one apart. */
function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}

/** Rows of the screen that lines take. */
function rowsOf(text: string): number {
  return linesOf(text.replace(/<\d*>/g, '')).reduce((rows, l) => rows + Math.max(1, Math.ceil(l.length / 80)), 0);
}

describe('the terminal', function () {
  this.timeout(10_000);
  let terminal: ShellTerminal;

  before(async function () {
    if (process.platform !== 'linux') {
      // The script(1) of others takes other options.
      this.skip();
    }
    terminal = new ShellTerminal(12, { HOME: tempFolder() });
    await terminal.start(...HELLO);
    await terminal.line('break tcp_input');
    await terminal.line('run');
  });

  after(() => terminal?.close());

  it("shows functions, files, variables and addresses in gdb's colours", async () => {
    const bt = await terminal.line('bt 1');
    assert.match(bt, /^#0 {2}<33>tcp_input<> \(<36>m<>=\[58 bytes: .*\) at <32>slirp\/tcp_input\.ts<>:\d+\n/);
    assert.match(await terminal.line('info args'), /^<36>\w+<> = /m);
    assert.match(await terminal.line('help list'), /^<1>list<>, <1>l<>\n/);
    assert.equal(
      await terminal.line('show style function foreground'),
      'The "function" style foreground color is: yellow\n',
    );
    assert.equal(await terminal.line('set style function foreground red'), '');
    assert.match(await terminal.line('bt 1'), /^#0 {2}<31>tcp_input<> /);
    // Source text as well, a line of a comment by itself too.
    assert.match(await terminal.line('frame'), /^\d+\t +<1;34>if<> \(m === <1;34>null<>\) \{$/m);
    const [first, second] = linesOf(await terminal.line('list slirp/tcp_input.ts:1,2'));
    assert.match(`${first}${second}`, /^1\t<33>\/\*\*?.*<>2\t(?:<33>.*<>)?/);
    assert.match(await terminal.line('search \\bimport\\b'), /^\d+\t<1;34>import<> .* <31>'.*'<>;\n$/);
    assert.equal(await terminal.line('show style sources'), 'Source code styling is enabled.\n');
    await terminal.line('set style sources off');
    assert.match(await terminal.line('frame'), /^\d+\t +if \(m === null\) \{$/m);
    await terminal.line('set style sources on');
    assert.equal(await terminal.line('set style enabled off'), '');
    assert.match(await terminal.line('bt 1'), /^#0 {2}tcp_input \(m=/);
    assert.equal(await terminal.line('pipe help list | head -n 1'), 'list, l\n');
  });

  it('shows a page at a time', async () => {
    assert.equal(await terminal.line('show height'), 'Number of lines gdb thinks are in a page is 12.\n');
    const first = await terminal.type('info functions tcp_\r', MORE);
    // The line that was typed is above the page.
    assert.equal(rowsOf(first.slice(first.indexOf('\n') + 1, -MORE.length)), 11);
    const second = await terminal.type('\r', MORE);
    assert.equal(rowsOf(second.slice(1, -MORE.length)), 11);
    assert.match(await terminal.type('q\r', PROMPT), /^q\nQuit\n/);
    await terminal.type('info functions tcp_\r', MORE);
    assert.ok(linesOf(await terminal.line('c')).length > 50);
    await terminal.type('info functions tcp_\r', MORE);
    assert.match(await terminal.type(KEY.c, PROMPT), /^\nQuit\n/);
    await terminal.line('set pagination off');
    assert.ok(linesOf(await terminal.line('info functions tcp_')).length > 50);
    await terminal.line('set pagination on');
    await terminal.line('set height 0');
    assert.equal(await terminal.line('show height'), 'Number of lines gdb thinks are in a page is unlimited.\n');
    assert.ok(linesOf(await terminal.line('info functions tcp_')).length > 50);
  });

  it('a script that waits for the page to be turned has not gone on, and ends with "q"', async () => {
    const script = join(tempFolder(), 'long');
    writeFileSync(script, 'set height 5\nset $i = 0\nwhile $i < 100\necho line\\n\nset $i = $i + 1\nend\n');
    await terminal.type(`source ${script}\r`, MORE);
    assert.match(await terminal.type('q\r', PROMPT), /Quit\n/);
    assert.match(await terminal.line('print $i'), /^\$\d+ = [45]\n$/);
    await terminal.line('set height 0');
  });

  it('Ctrl-Z gives the shell its terminal back, and fg the debugger, again and again (A3)', async () => {
    for (const n of [71, 72, 73]) {
      await terminal.type(KEY.z, SHELL_PROMPT);
      await terminal.type('fg\r', PROMPT);
      assert.match(await terminal.line(`print ${n}`), new RegExp(`^\\$\\d+ = ${n}\n$`));
    }
    await terminal.type('print 7', 'print 7');
    await terminal.type(KEY.z, SHELL_PROMPT);
    await terminal.type('fg\r', `${PROMPT}print 7`);
    assert.match(await terminal.line('4'), /= 74\n/);
  });

  it('Ctrl-R finds lines of before', async () => {
    await terminal.line('print 1001');
    await terminal.line('print 1002');
    await terminal.type(`${KEY.r}print 1`, "(reverse-i-search)`print 1': print 1002");
    await terminal.type(KEY.r, "(reverse-i-search)`print 1': print 1001");
    assert.match(await terminal.type('\r', `1001\n${PROMPT}`), /print 1001\n\$\d+ = 1001\n/);
    await terminal.type(`${KEY.r}nowhere`, "(failed reverse-i-search)`nowhere': ");
    await terminal.type(KEY.g, PROMPT);
    // Any other key goes on with the line that was found.
    await terminal.type(`${KEY.r}print 1002`, "`print 1002': print 1002");
    await terminal.type('\x05', `${PROMPT}print 1002`);
    assert.match(await terminal.line(' + 1'), /= 1003\n/);
  });

  it('Ctrl-D ends a block, and asks while there is a machine (A4); answers are no lines of the history', async () => {
    await terminal.type('define hi\r', '>');
    await terminal.type('echo hello\\n\r', '>');
    assert.match(await terminal.type(KEY.d, PROMPT), /^end\n/);
    assert.equal(await terminal.line('hi'), 'hello\n');
    assert.match(await terminal.type(KEY.d, '(y or n) '), /^quit\nA debugging session is active\./);
    assert.match(await terminal.type('n\r', PROMPT), /^n\nNot confirmed\.\n/);
    await terminal.type(KEY.up, `${PROMPT}hi`);
    await terminal.type(KEY.c, `Quit\n${PROMPT}`);
  });

  it('takes what was typed before a question for its answer, as gdb does', async () => {
    await terminal.line('tbreak main_loop');
    const text = await terminal.type('delete\rn\rinfo breakpoints\recho do\\ne\\n\r', 'do\ne\n');
    assert.match(text, /Delete all breakpoints\? \(y or n\) n\n.*main_loop/s);
    await terminal.until(PROMPT);
  });

  it('Ctrl-C ends loops and long output', async () => {
    await terminal.type('while 1\r', '>');
    await terminal.type('end\r', '\n');
    assert.match(await terminal.type(KEY.c, PROMPT), /Quit\n/);
    assert.match(await terminal.line('print 5'), /= 5\n/);
  });

  it('Tab offers words, not lines', async () => {
    await terminal.type('reverse-st\t', 'reverse-step');
    assert.match(await terminal.type('\t', `${PROMPT}reverse-step`), /\nreverse-step +reverse-stepi *\n/);
    await terminal.type(KEY.c, `Quit\n${PROMPT}`);
  });

  it('Ctrl-D twice ends the debugger', async () => {
    await terminal.type(KEY.d, '(y or n) ');
    await terminal.type(KEY.d, SHELL_PROMPT);
    assert.match(await terminal.type('echo status $?\r', 'status 0'), /status 0$/);
  });

  it('has no colours with NO_COLOR, and no pages with -batch', async () => {
    await terminal.type('export NO_COLOR=1\r', SHELL_PROMPT);
    const command = `${process.execPath} dist/pktgdb.js -nx -batch -ex 'help all' -ex 'show style enabled'\r`;
    const printed = await terminal.type(command, 'CLI output styling is disabled.');
    assert.ok(linesOf(printed).length > 100);
    assert.doesNotMatch(printed, /<\d+>/);
  });

  it('Ctrl-Z leaves a live machine that runs, and fg comes back to it: Ctrl-C stops it (A3)', async () => {
    const shell = new ShellTerminal(24, { HOME: tempFolder() });
    try {
      await shell.start('-- -netdev user,id=u0 -device e1000,netdev=u0');
      await shell.type('run\r', '~ # ');
      for (const n of [81, 82]) {
        await shell.press(KEY.z, SHELL_PROMPT);
        await shell.type(`echo the shell has $((${n}))\r`, `has ${n}`);
        await shell.type('fg\r', '-device e1000,netdev=u0\n');
      }
      assert.match(await shell.press(KEY.c, PROMPT), /Program received signal SIGINT, Interrupt\.\n/);
      await shell.type(KEY.z, SHELL_PROMPT);
      await shell.type('fg\r', PROMPT);
      assert.match(await shell.line('bt 1'), /main_loop_wait/);
    } finally {
      shell.close();
    }
  }).timeout(20_000);
});
