/** The slirp-replay command. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../../adapter/packets/capture.ts';
import { tempFolder } from '../kit/temp.ts';
import { parseReplayArgs } from '../tools/replay-args.ts';
import { Replayer, ReplayOptions } from '../tools/slirp-replayer.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const run = (...argv: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'test/tools/slirp-replay.ts', ...argv], {
    cwd: ROOT,
    encoding: 'utf8',
  });

describe('slirp-replay', function () {
  this.timeout(0);
  const dir = tempFolder();

  it('writes what the network answers, with the capture’s times, and a summary', () => {
    const out = join(dir, 'out.pcap');
    const r = run('test/vectors/slirp/tcp_echo.pcap', out, '--tcp-echo=7070', '--info');
    assert.equal(r.status, 0, r.stderr);
    assert.equal(JSON.parse(r.stdout).frames_out, 5);
    assert.match(r.stderr, /Protocol\[State\][\s\S]*ARP {4}52:54:00:12:34:56 +10\.0\.2\.15/);
    const first = readCapture(readFileSync(out)).packets[0]!;
    const input = readCapture(readFileSync(join(ROOT, 'test/vectors/slirp/tcp_echo.pcap'))).packets[1]!;
    assert.deepEqual([first.tsSec, first.tsNsec], [input.tsSec, input.tsNsec]);
  });

  it('says what is wrong with a command line or a file', () => {
    writeFileSync(join(dir, 'no.pcap'), 'not a capture');
    const r = run(join(dir, 'no.pcap'), join(dir, 'out2.pcap'));
    assert.equal(r.status, 1);
    assert.match(r.stderr, /slirp-replay: .*not a capture/);
    assert.throws(() => parseReplayArgs(['--frob']), /unknown option '--frob'; known are --net --host/);
    assert.throws(() => parseReplayArgs(['--host=10.0.2']), /'10\.0\.2' is not an IPv4 address/);
    assert.throws(() => parseReplayArgs(['--udp-echo=70000']), /port: '70000' is not a number from 0 to 65535/);
    assert.throws(() => parseReplayArgs(['--restrict=off']), /'--restrict=off': --restrict takes no value/);
    assert.throws(() => parseReplayArgs(['--connect=5']), /^Error: --connect=5: port: '' is not a number/);
    assert.throws(() => parseReplayArgs(['--hostfwd=sctp:1-2:3']), /is not tcp\|udp:HOSTPORT-GUESTIP:GUESTPORT/);
  });

  it('a frame a century later is reached in one step, as no timer is due before', () => {
    const r = new Replayer(new ReplayOptions());
    const turn = r['turn'].bind(r);
    let turns = 0;
    r['turn'] = () => {
      assert.equal(++turns < 10, true, 'a turn a second without need');
      return turn();
    };
    r.advance(4e12);
    assert.equal(r.nowMs, 4e12);
    r.close();
  });
});
