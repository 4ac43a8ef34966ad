/** The guest on the whole machine: `main`, e1000, hub, user network, with a scripted host. */
import '../../adapter/stack/softmmu/machine.ts';
import assert from 'node:assert/strict';
import { path_lookup, read_whole } from '../../adapter/stack/guest/fs.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import type { Input } from '../../adapter/stack/util/host.ts';
import { sockaddr_in } from '../../adapter/stack/util/sockets.ts';
import { FakeHost, resetMachine } from '../stack/harness.ts';

const ARGS = ['-netdev', 'user,id=user.0,hostfwd=tcp::5555-:5556', '-device', 'e1000,netdev=user.0'];
const LOCALHOST = 0x7f000001;

/** What a step of a script waits for, and what it then does. */
interface Step {
  readonly when: (host: FakeHost) => boolean;
  readonly inputs: (host: FakeHost) => readonly Input[];
}

/** Runs a machine until the script is at its end; each step's inputs come once its condition is true. */
function run(steps: readonly Step[]): FakeHost {
  const host = new FakeHost();
  const left = [...steps];
  host.deadlineNs = 120e9;
  host.onPoll = () => {
    const step = left[0];
    if (!step?.when(host)) {
      return [];
    }
    left.shift();
    return left.length === 0 ? [...step.inputs(host), { type: 'quit' }] : step.inputs(host);
  };
  resetMachine(host);
  assert.equal(main(ARGS.length + 1, ['qemu-system-x86_64', ...ARGS], host), 0);
  assert.equal(left.length, 0, `the script stopped early. The console:\n${host.console}`);
  return host;
}

const prompt = (host: FakeHost): boolean => host.console.endsWith('~ # ');
const type = (text: string) => (): readonly Input[] => [{ type: 'console', text }];
const shows = (text: string) => (host: FakeHost) => host.console.includes(text);

describe('guest: over the user network', () => {
  it('gets an address, and nc receives a file through a forwarded port', () => {
    const listener = (host: FakeHost): number => host.calls.find((c) => c.call === 'listen')!.fd;
    const host = run([
      { when: prompt, inputs: type('nc -lvp 5556 > hello.txt\n') },
      {
        when: shows('listening on 0.0.0.0:5556 ...'),
        inputs: (h) => [{ type: 'accepted', fd: 1000, listener: listener(h), peer: sockaddr_in(LOCALHOST, 49152) }],
      },
      {
        when: shows('connect to 10.0.2.15:5556 from 10.0.2.2:49152\n'),
        inputs: () => [
          { type: 'data', fd: 1000, data: Buffer.from('Hello qemu Geust\n') },
          { type: 'eof', fd: 1000 },
        ],
      },
      { when: prompt, inputs: () => [] },
    ]);
    assert.match(host.console, /lease of 10\.0\.2\.15 obtained from 10\.0\.2\.2, lease time 86400\n~ # /);
    assert.equal(Buffer.from(read_whole(path_lookup('/root/hello.txt')!)).toString(), 'Hello qemu Geust\n');
  });

  it('pings the gateway, and connects out through slirp', () => {
    let sent = '';
    const host = run([
      { when: prompt, inputs: type('ping -c 1 10.0.2.2\n') },
      {
        when: (h) => prompt(h) && h.console.includes('packet loss'),
        inputs: type('echo question | nc 10.0.2.2 8000\n'),
      },
      {
        when: (h) => h.calls.some((c) => c.call === 'connect'),
        inputs: (h) => {
          const { fd, addr } = h.calls.find((c) => c.call === 'connect')!;
          assert.deepEqual([addr!.sin_addr, addr!.sin_port], [LOCALHOST, 8000]);
          return [{ type: 'connected', fd, local: sockaddr_in(LOCALHOST, 40000) }];
        },
      },
      {
        when: (h) => h.calls.some((c) => c.call === 'send') && h.calls.some((c) => c.call === 'shutdown'),
        inputs: (h) => {
          const send = h.calls.find((c) => c.call === 'send')!;
          sent = Buffer.from(send.data!).toString();
          return [
            { type: 'data', fd: send.fd, data: Buffer.from('answer\n') },
            { type: 'eof', fd: send.fd },
          ];
        },
      },
      { when: (h) => h.console.endsWith('answer\n~ # '), inputs: () => [] },
    ]);
    assert.equal(sent, 'question\n');
    assert.match(host.console, /64 bytes from 10\.0\.2\.2: seq=0 ttl=255 time=\d+\.\d{3} ms\n/);
  });

  it('takes 20 MB through a forwarded port', () => {
    const chunk = new Uint8Array(250_000).map((_, i) => (i * 31) >> 3);
    const total = 80;
    let given = 0;
    const listener = (host: FakeHost): number => host.calls.find((c) => c.call === 'listen')!.fd;
    const data: Step[] = Array.from({ length: total }, () => ({
      when: () => machine.sockets.fds.get(1000)!.rx_bytes < 500_000,
      inputs: (): readonly Input[] => {
        given++;
        return [{ type: 'data', fd: 1000, data: chunk }];
      },
    }));
    run([
      { when: prompt, inputs: type('nc -lp 5556 > big\n') },
      {
        when: (h) => h.console.endsWith('> big\n'),
        inputs: (h) => [{ type: 'accepted', fd: 1000, listener: listener(h), peer: sockaddr_in(LOCALHOST, 49152) }],
      },
      ...data,
      { when: () => given === total, inputs: () => [{ type: 'eof', fd: 1000 }] },
      { when: prompt, inputs: () => [] },
    ]);
    const got = Buffer.from(read_whole(path_lookup('/root/big')!));
    assert.equal(got.length, chunk.length * total);
    for (let i = 0; i < total; i++) {
      assert.ok(got.subarray(i * chunk.length, (i + 1) * chunk.length).equals(chunk), `chunk ${i}`);
    }
  });
});
