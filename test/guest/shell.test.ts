import assert from 'node:assert/strict';
import { Lab } from './lab.ts';

describe('guest: shell', () => {
  let lab: Lab;
  before(() => {
    lab = new Lab().boot();
  });

  const cases: readonly (readonly [string, string])[] = [
    ['foo', 'sh: foo: not found\n'],
    ['echo $?', '127\n'],
    ['', ''],
    ['echo hello world', 'hello world\n'],
    ['echo -n x; echo y', 'xy\n'],
    ['echo "a  b" \'c"d\' e\\ f $HOME', 'a  b c"d e f /root\n'],
    ['echo one > f', ''],
    ['echo two >> f', ''],
    ['cat f', 'one\ntwo\n'],
    ['cat < f', 'one\ntwo\n'],
    ['wc f', '        2         2         8 f\n'],
    ['cat f | wc -l', '2\n'],
    ['ls', 'f\n'],
    ['ls -l', 'total 4\n-rw-r--r--    1 root     root             8 Jan  1 00:00 f\n'],
    ['cat nope', "cat: can't open 'nope': No such file or directory\n"],
    ['cat < nope', "sh: can't open nope: no such file\n"],
    ['echo x > /nope/x', "sh: can't create /nope/x: nonexistent directory\n"],
    ['nope 2> err; cat err', 'sh: nope: not found\n'],
    ['true && echo yes || echo no; false || echo or', 'yes\nor\n'],
    ['echo "', 'sh: syntax error: unterminated quoted string\n'],
    ['| cat', 'sh: syntax error: unexpected "|"\n'],
    ['echo a >', 'sh: syntax error: unexpected newline\n'],
    ['mkdir d; cd d; pwd; cd', '/root/d\n'],
    ['cp f d; mv f g; ls; ls d; rm g d/f; ls d', 'd\nerr\ng\nf\n'],
    ['rm g', "rm: can't remove 'g': No such file or directory\n"],
    ['uname', 'Linux\n'],
    ['hostname', 'guest\n'],
    ['route -n | wc -l', '4\n'],
    ['# a comment', ''],
  ];
  for (const [command, output] of cases) {
    it(command || '(empty line)', () => {
      assert.equal(lab.sh(command), output);
    });
  }

  it('prints the usage text on wrong options', () => {
    assert.match(lab.sh('ping -z'), /^ping: invalid option -- 'z'\nBusyBox v[^\n]*\n\nUsage: ping \[OPTIONS\] HOST\n/);
    assert.match(lab.sh('nc'), /^BusyBox v[^\n]*\n\nUsage: nc \[OPTIONS\] HOST PORT/);
    assert.match(lab.sh('wget'), /Usage: wget/);
  });

  it('edits the line: erase, kill, carriage return', () => {
    lab.type('echo axx\x7f\x7fb\r');
    lab.expect('~ # ');
    assert.match(lab.host.console, /\nab\n~ # $/);
    assert.equal(lab.sh('junk\x15echo ok').replace(/.*\n(?=ok)/s, ''), 'ok\n');
  });

  it('lists all commands', () => {
    const help = lab.sh('help');
    for (const name of ['nc', 'cat', 'ls', 'ifconfig', 'ping', 'netstat', 'wget', 'httpd', 'echo', 'help']) {
      assert.match(help, new RegExp(`\\b${name}\\b`));
    }
  });

  it('Ctrl-C ends a program and discards a line, Ctrl-D ends input', () => {
    lab.type('cat > typed\n');
    lab.type('some text\n\x04');
    lab.expect('~ # ');
    assert.equal(lab.file('/root/typed').toString(), 'some text\n');
    lab.type('cat\n');
    lab.sleep(0.1);
    lab.type('\x03');
    lab.expect('~ # ');
    assert.match(lab.host.console, /~ # cat\n\^C\n~ # $/);
    assert.equal(lab.sh('echo $?'), '130\n');
    lab.type('half a line');
    lab.sleep(0.1);
    lab.type('\x03');
    lab.expect('~ # ');
    assert.equal(lab.sh('echo whole'), 'whole\n');
  });

  it('takes lines typed ahead one after the other', () => {
    lab.type('echo 1\necho 2\n');
    lab.run(() => lab.host.console.endsWith('~ # echo 1\n1\n~ # echo 2\n2\n~ # '));
  });

  it('survives a line of anything', () => {
    for (const line of [
      '>>>',
      '&',
      ';;',
      '$',
      '${',
      '`x`',
      '"$(',
      '\\',
      'a'.repeat(10000),
      '\x1b[A\x1b[B',
      'é ü 漢',
      '2>&9 x',
    ]) {
      lab.sh(line);
    }
    assert.equal(lab.sh('echo $PWD'), '/root\n');
  });
});
