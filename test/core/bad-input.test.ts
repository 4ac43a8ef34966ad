/** Bad input at the command line: a clear message, exit status 1, and nothing lost or hanging. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { capture, PKTGDB } from '../kit/paths.ts';
import { tempFolder } from '../kit/temp.ts';

/** Runs the program in batch mode; what it printed on either stream, and its status. */
async function pktgdb(...args: string[]): Promise<{ output: string; status: number | null }> {
  const child = spawn(process.execPath, [PKTGDB, '-batch', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await closed;
  return { output: out + err, status };
}

const commands = (...lines: string[]): string[] => lines.flatMap((line) => ['-ex', line]);

describe('bad input', () => {
  let folder: string;

  before(() => {
    folder = tempFolder();
  });

  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  /** Expects a message and exit status 1. */
  async function refuses(expected: RegExp, ...args: string[]): Promise<void> {
    const { output, status } = await pktgdb(...args);
    assert.match(output, expected);
    assert.equal(status, 1, output);
  }

  it('not a capture', () =>
    refuses(
      /notes\.txt: not a capture: the file starts with .*expected a pcap magic/,
      '-r',
      file('notes.txt', 'just text'),
      ...commands('run'),
    ));

  it('a link type without IP: nothing of it is played, and that is said', async () => {
    const bytes = new Uint8Array(readFileSync(capture('02-hello.pcap')));
    bytes[20] = 147;
    const { output, status } = await pktgdb('-r', file('link.pcap', bytes), ...commands('run'));
    assert.match(output, /10 packets are not played \(link type without IP\)/);
    assert.equal(status, 0, output);
  });

  it('a truncated capture: what is there is replayed, with a warning', async () => {
    const bytes = readFileSync(capture('02-hello.pcap')).subarray(0, 400);
    const { output, status } = await pktgdb('-r', file('cut.pcap', bytes), ...commands('run'));
    assert.match(output, /truncated capture: it ends at byte 400, in the data of packet 5 .*8 bytes are missing/);
    assert.match(output, /replay finished: 4 packets/);
    assert.equal(status, 0);
  });

  it('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const rule = `tcp:127.0.0.1:${(server.address() as AddressInfo).port}-:5556`;
    try {
      await refuses(
        new RegExp(`Could not set up host forwarding rule '${rule}': the port is in use`),
        ...commands('run'),
        '--',
        '-nic',
        `user,hostfwd=${rule}`,
      );
    } finally {
      server.close();
    }
  });

  it('a wrong option: it is named, and what is known is listed', () =>
    refuses(/Invalid parameter 'foo'; known: .*hostfwd/, ...commands('run -netdev user,id=u,foo=bar')));

  it('an unknown function, with near matches', () =>
    refuses(
      /Function "e1000_recieve_iov" not defined\. Did you mean e1000_receive_iov/,
      ...commands('break e1000_recieve_iov'),
    ));

  it('a condition that does not parse, and one over a name that does not exist', async () => {
    await refuses(/A syntax error in expression, near `'\./, ...commands('break e1000_receive_iov if size >'));
    await refuses(/No symbol "nosuch" in current context\./, ...commands('break e1000_receive_iov if nosuch > 3'));
    await refuses(/did you mean.*tcp\.dstport/i, ...commands('break e1000_receive_iov if $pkt.tcp.dport == 1'));
  });

  it('a condition that fails when it is tested stops there', async () => {
    const { output } = await pktgdb(
      '-r',
      capture('02-hello.pcap'),
      ...commands('break tcp_input if inso->so_tcpcb->t_state == 4', 'run', 'bt 1'),
    );
    assert.match(output, /Error in testing condition for breakpoint 1:\nCannot access memory at address 0x0\n/);
    const other = await pktgdb('-r', capture('05-http.pcap'), ...commands('break tcp_input if m->m_len == 1', 'run'));
    const advice = 'In this call of tcp_input m is NULL; write "m && m->m_len == 1" to leave such calls out.\n';
    assert.ok(other.output.includes(`Cannot access memory at address 0x0\n${advice}`), other.output);
    assert.match(output, /#0 {2}tcp_input/);
  });

  it('an exception inside the stack stops there with its frames, and the next run works', async () => {
    const { output } = await pktgdb(
      '-r',
      capture('02-hello.pcap'),
      ...commands(
        'tbreak e1000_receive_iov if s',
        'run',
        'set var iovcnt = 5',
        'continue',
        'bt 2',
        'continue',
        'tbreak tcp_connect',
        'run',
        'bt 1',
      ),
    );
    assert.match(output, /TypeError/);
    assert.match(output, /#0 {2}\w+ \(.*\) at hw\/net\/e1000/);
    assert.match(output, /Temporary breakpoint 2, tcp_connect/);
  });

  it('a guest command that does not exist: the shell says so and goes on', async () => {
    const { output, status } = await pktgdb(
      ...commands(
        'tbreak tty_write if $_regex(text, "# $")',
        'run',
        'guest frobnicate',
        'guest echo still here',
        'tbreak tty_write if $_regex(text, "still here")',
        'continue',
      ),
      '--',
      '-nic',
      'user',
    );
    assert.match(output, /sh: frobnicate: not found\n(.*\n)*.*still here/);
    assert.equal(status, 0);
  });

  it('a command that does not exist', () =>
    refuses(/Undefined command: "frob"\. {2}Try "help"\./, ...commands('frob')));
});
