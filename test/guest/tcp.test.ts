import assert from 'node:assert/strict';
import { path_lookup, write_whole } from '../../adapter/stack/guest/fs.ts';
import { defaultPeer, GATEWAY, GUEST, Lab, MIRROR, machine, mirror, parse, tcp } from './lab.ts';
import { ACK, FIN_ACK, PSH_ACK, RST, Script, SYN } from './tcp-script.ts';

/** Bytes that differ from each other everywhere. */
function pattern(n: number): Uint8Array {
  const b = new Uint8Array(n);
  let x = 1;
  for (let i = 0; i < n; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    b[i] = x >>> 24;
  }
  return b;
}

describe('guest: TCP', () => {
  it('nc -l writes what it gets to a file and ends with the connection', () => {
    const s = new Script();
    const { lab } = s;
    lab.type('nc -lvp 5556 > hello.txt\n');
    lab.expect('listening on 0.0.0.0:5556 ...\n');
    const una = s.open(5556);
    const [ack] = s.send(5556, 100, una, PSH_ACK, 'Hello qemu Geust\n');
    assert.deepEqual([ack!.flags, ack!.ack], [ACK, 117]);
    const fin = s.send(5556, 117, una, FIN_ACK);
    assert.deepEqual(
      fin.map((p) => p.flags),
      [ACK, FIN_ACK],
    );
    s.send(5556, 118, una + 1, ACK);
    lab.run(() => lab.host.console.endsWith('~ # '));
    assert.match(lab.host.console, /connect to 10\.0\.2\.15:5556 from 10\.0\.2\.2:1000\n~ # $/);
    assert.equal(lab.file('/root/hello.txt').toString(), 'Hello qemu Geust\n');
    assert.equal(machine.drops.total, 0);
    assert.doesNotMatch(lab.sh('netstat -tan'), /5556/);
  });

  it('nc connects, sends its input and prints the answer', () => {
    const lab = new Lab().boot();
    lab.sh('echo answer > a; nc -lp 80 < a > question &');
    assert.equal(lab.sh('echo question | nc 10.0.2.99 80'), 'answer\n');
    assert.equal(lab.file('/root/question').toString(), 'question\n');
  });

  it('nc says why it cannot connect', () => {
    const lab = new Lab().boot();
    assert.equal(lab.sh('nc 10.0.2.99 81'), "nc: can't connect to remote host (10.0.2.99): Connection refused\n");
    assert.equal(lab.sh('nc -w 2 10.0.2.200 81'), 'nc: timed out\n');
    lab.sh('nc -lp 82 &');
    assert.equal(lab.sh('nc -lp 82'), 'nc: bind: Address in use\n');
    lab.sh('route del default');
    assert.equal(lab.sh('nc 1.2.3.4 5'), "nc: can't connect to remote host (1.2.3.4): Network unreachable\n");
  });

  for (const [name, loss, late] of [
    ['nothing wrong', 0, 0],
    ['2 % loss', 0.02, 0],
    ['5 % loss and 10 % of the frames late', 0.05, 0.1],
    ['every fifth frame late', 0, 0.2],
  ] as const) {
    it(`carries 2 MB with ${name}`, () => {
      let x = 12345;
      const random = (): number => {
        x = (Math.imul(x, 1103515245) + 12345) >>> 0;
        return x / 2 ** 32;
      };
      const lab = new Lab((l, f) => {
        if (parse(f)?.dst !== MIRROR) {
          defaultPeer(l, f);
        } else if (random() >= loss) {
          l.toGuest(mirror(f), random() < late ? 400_000 * random() : 0);
        }
      }).boot();
      const data = pattern(2_000_000);
      write_whole('/root/big', data);
      lab.sh('nc -lp 5556 > got &');
      lab.sh('nc 10.0.2.99 5556 < big &');
      lab.run(() => (path_lookup('/root/got')?.i_size ?? 0) >= data.length);
      assert.ok(lab.file('/root/got').equals(data));
    });
  }

  it('moves 10 MB over the wire', () => {
    const lab = new Lab().boot();
    const data = pattern(10_000_000);
    write_whole('/root/big', data);
    lab.sh('nc -lp 5556 > got &');
    lab.sh('nc 10.0.2.99 5556 < big &');
    lab.run(() => path_lookup('/root/got')!.i_size >= data.length);
    assert.ok(lab.file('/root/got').equals(data));
    assert.equal(machine.drops.total, 0);
  });

  it('takes segments out of order, twice and overlapping', () => {
    const s = new Script();
    const { lab } = s;
    lab.sh('nc -lp 7 > got &');
    const una = s.open(7);
    assert.equal(s.send(7, 103, una, PSH_ACK, 'def')[0]!.ack, 100);
    assert.equal(s.send(7, 109, una, PSH_ACK, 'jkl')[0]!.ack, 100);
    assert.equal(s.send(7, 102, una, PSH_ACK, 'cdefg')[0]!.ack, 100);
    assert.equal(s.send(7, 100, una, PSH_ACK, 'abcd')[0]!.ack, 107);
    assert.equal(s.send(7, 100, una, PSH_ACK, 'abcd')[0]!.ack, 107);
    assert.equal(s.send(7, 105, una, PSH_ACK, 'fghi')[0]!.ack, 112);
    assert.equal(lab.file('/root/got').toString(), 'abcdefghijkl');
  });

  it('ends a connection on a reset in sequence, and challenges others', () => {
    const s = new Script();
    const { lab } = s;
    lab.type('nc -lp 7\n');
    lab.sleep(0.01);
    const una = s.open(7);
    assert.equal(s.send(7, 150, una, RST)[0]!.flags, ACK);
    assert.equal(s.send(7, 100, una, SYN)[0]!.flags, ACK);
    assert.equal(s.send(7, 100, una, RST).length, 0);
    lab.run(() => lab.host.console.endsWith('nc: read error: Connection reset by peer\n~ # '));
  });

  it('sends again with growing pauses, and gives up in the end', () => {
    const s = new Script();
    const { lab } = s;
    const times: number[] = [];
    lab.type('nc 10.0.2.2 7\n');
    lab.run(() => s.seen.length === 1);
    const start = lab.host.now_ns;
    s.seen = [];
    while (!lab.host.console.endsWith('~ # ')) {
      const n = s.seen.length;
      lab.run(() => s.seen.length > n || lab.host.console.endsWith('~ # '));
      if (s.seen.length > n) {
        times.push(Math.round((lab.host.now_ns - start) / 1e9));
      }
    }
    assert.deepEqual(times, [1, 3, 7, 15, 31, 63]);
    assert.match(lab.host.console, /can't connect to remote host \(10\.0\.2\.2\): Operation timed out\n/);
  });

  it('probes a closed window and goes on when it opens', () => {
    const s = new Script();
    const { lab } = s;
    write_whole('/root/f', pattern(3000));
    lab.sh('nc -lp 7 < f &');
    const una = s.open(7, 500);
    const probes = s.send(7, 100, una + 500, ACK, '', 0, 5);
    assert.ok(probes.length >= 2, 'the window is probed');
    assert.ok(probes.every((p) => p.data.length === 0 && p.seq === una + 499));
    const rest = s.send(7, 100, una + 500, ACK, '', 65535);
    assert.equal(
      rest.reduce((n, p) => n + p.data.length, 0),
      2500,
    );
  });

  it('closes its window when nobody reads, and opens it again', () => {
    const s = new Script();
    const { lab } = s;
    lab.sh('nc -lp 7 | sleep 1000 &');
    const una = s.open(7);
    let seq = 100;
    let window = 65535;
    for (let i = 0; i < 200 && window >= 1000; i++) {
      const answers = s.send(7, seq, una, ACK, 'x'.repeat(1000), 65535, 0.1);
      seq += 1000;
      window = answers.at(-1)?.window ?? window;
    }
    assert.ok(window < 1000, 'the window closes');
    const before = machine.drops.total;
    s.send(7, seq, una, ACK, 'y'.repeat(1000));
    s.send(7, seq + 1000, una, ACK, 'y'.repeat(1000));
    assert.ok(machine.drops.total > before, 'what is beyond is given up');
  });

  it('refuses connections beyond the backlog, and resets those that nobody took', () => {
    const s = new Script();
    const { lab } = s;
    lab.type('nc -lp 7\n');
    lab.sleep(0.01);
    for (let port = 2000; port < 2010; port++) {
      lab.toGuest(tcp(GATEWAY, port, 7, 5, 0, SYN));
    }
    lab.sleep(0.01);
    assert.equal(new Set(s.seen.filter((p) => p.flags === (SYN | ACK)).map((p) => p.dport)).size, 2);
    lab.type('\x03');
    lab.sleep(0.1);
    assert.equal(s.seen.filter((p) => p.flags & RST).length, 2);
  });

  it('survives headers that make no sense', () => {
    const s = new Script();
    const { lab } = s;
    lab.sh('nc -lp 7 > got &');
    for (const options of [
      [2, 0, 0, 0],
      [2, 4],
      [2, 255, 5, 5],
      [2, 4, 0, 0],
      [9, 1, 1, 1],
      [2, 4, 0, 1],
    ]) {
      const padded = [...options, 0, 0, 0, 0].slice(0, 4);
      lab.toGuest(tcp(GATEWAY, 3000 + options.length, 8, 1, 0, SYN, new Uint8Array(0), 0, padded));
    }
    for (let flags = 0; flags < 64; flags++) {
      lab.toGuest(tcp(GATEWAY, 4000 + flags, 7, 1, 1, flags & ~SYN, new Uint8Array(3)));
    }
    lab.sleep(1);
    const una = s.open(7);
    s.send(7, 100, una, PSH_ACK, 'fine');
    assert.equal(lab.file('/root/got').toString(), 'fine');
  });

  it('waits in TIME_WAIT for a minute after closing first', () => {
    const lab = new Lab().boot();
    lab.sh('nc -lp 5556 > got &');
    lab.sh('nc 10.0.2.99 5556 < /dev/null');
    lab.sleep(1);
    assert.match(lab.sh('netstat -tan'), /10\.0\.2\.15:\d+ +10\.0\.2\.99:5556 +TIME_WAIT/);
    lab.sleep(60);
    assert.doesNotMatch(lab.sh('netstat -tan'), /TIME_WAIT/);
    assert.equal(GUEST, 0x0a00020f);
  });
});

describe('guest: HTTP', () => {
  let lab: Lab;
  before(() => {
    lab = new Lab().boot();
    lab.sh('echo "<h1>hi</h1>" > /var/www/index.html; httpd -p 8080 -h /var/www');
  });

  it('wget fetches from httpd', () => {
    assert.equal(
      lab.sh('wget http://10.0.2.99:8080/'),
      'Connecting to 10.0.2.99:8080 (10.0.2.99:8080)\n' +
        "saving to 'index.html'\n" +
        'index.html           100% |********************************|    12  0:00:00 ETA\n' +
        "'index.html' saved\n",
    );
    assert.equal(lab.sh('cat index.html'), '<h1>hi</h1>\n');
    assert.equal(lab.sh('wget -q -O - http://127.0.0.1:8080/index.html'), '<h1>hi</h1>\n');
    assert.match(lab.sh('wget http://10.0.2.99:8080/'), /wget: can't open 'index.html': File exists\n/);
  });

  it('says what went wrong', () => {
    assert.match(lab.sh('wget http://10.0.2.99:8080/x'), /wget: server returned error: HTTP\/1\.1 404 Not Found\n/);
    assert.match(lab.sh('wget http://10.0.2.99:8080/../../etc/hosts -O x'), /404 Not Found/);
    assert.match(
      lab.sh('wget http://10.0.2.99:81/'),
      /wget: can't connect to remote host \(10\.0\.2\.99\): Connection refused\n/,
    );
    assert.match(lab.sh('wget ftp://10.0.2.99/'), /wget: not an http url/);
    assert.equal(lab.sh('httpd -h /nope'), "httpd: can't change directory to '/nope': No such file or directory\n");
  });

  it('wget follows a redirection and reads chunks', () => {
    const answer = (text: string): string => {
      write_whole('/root/answer', Buffer.from(text));
      return lab.sh('nc -lp 99 < answer > /dev/null & wget -q -O - http://10.0.2.99:99/');
    };
    assert.equal(
      answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd\n\r\n0\r\n\r\n'),
      'abcd\n',
    );
    assert.equal(answer('HTTP/1.1 302 Found\r\nLocation: http://10.0.2.99:8080/index.html\r\n\r\n'), '<h1>hi</h1>\n');
    assert.match(answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'), /bad chunk length 'zz'/);
    assert.match(answer('nonsense\r\n\r\n'), /server returned error: nonsense/);
  });
});
