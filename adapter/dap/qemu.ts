/**
 * Launch attributes `qemu` and `qemuCommand`: the machine is a user network for guests of a real QEMU. The client's
 * terminal runs the command where it has one.
 */
import { Event } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { parseQemu, QemuOptionError } from '../qemu/link.ts';
import { type QemuSession, qemuSession } from '../qemu/session.ts';
import { type Arguments, describeType, RequestError } from './arguments.ts';
import type { QemuEventBody } from './custom.ts';
import type { PacketSession } from './session.ts';

export interface QemuAttributes {
  /** Options of each guest's link, as those of `-qemu`. */
  readonly options: readonly string[];
  readonly command: string | undefined;
}

/** Reads the two attributes; undefined without them. Throws `RequestError`. */
export function parseQemuAttributes(raw: Arguments): QemuAttributes | undefined {
  const command = raw.optionalString('qemuCommand')?.trim() || undefined;
  const options = optionsOf(raw);
  if (options === undefined && command === undefined) {
    return undefined;
  }
  for (const other of ['args', 'trace']) {
    if (raw.has(other)) {
      throw new RequestError(`launch: qemu makes a network of its own; leave out ${other}`);
    }
  }
  if (raw.optionalStrings('guestCommands')?.length) {
    throw new RequestError('launch: guestCommands are typed on the built-in guest, which is not there with qemu');
  }
  try {
    parseQemu(options ?? []);
  } catch (e) {
    throw e instanceof QemuOptionError ? new RequestError(`launch: ${e.message.replace(/^-/, '')}`) : e;
  }
  return { options: options ?? [''], command };
}

function optionsOf(raw: Arguments): readonly string[] | undefined {
  const value = raw.raw['qemu'] ?? false;
  if (value === false) {
    return undefined;
  }
  if (value === true) {
    return [''];
  }
  if (typeof value === 'string') {
    return [value];
  }
  if (Array.isArray(value) && value.length > 0) {
    return raw.optionalStrings('qemu');
  }
  throw new RequestError(
    `launch: qemu must be true, options such as "link=tcp", or a list of them, not ${describeType(value)}`,
  );
}

/** Makes the network, and says how guests find it. */
export async function makeQemuNetwork(
  session: PacketSession,
  { options, command }: QemuAttributes,
): Promise<QemuSession> {
  const made = await qemuSession(
    options,
    command,
    session.client.supportsRunInTerminal ? inTerminal(session) : undefined,
  );
  if (made.words !== '') {
    session.output('important', made.words);
    const body: QemuEventBody = { words: made.netdevs };
    session.sendEvent(new Event('pktgdb/qemu', body));
  }
  return made;
}

/** Has the client run a command line in its terminal. */
function inTerminal(session: PacketSession): (line: string) => void {
  return (line) => {
    const shell = process.platform === 'win32' ? ['cmd', '/c'] : ['/bin/sh', '-c'];
    const args: DebugProtocol.RunInTerminalRequestArguments = {
      kind: 'integrated',
      title: 'QEMU',
      cwd: process.cwd(),
      args: [...shell, line],
    };
    session.askClient('runInTerminal', args, (problem) => {
      session.output('important', `QEMU was not started: ${problem}\n`);
    });
  };
}
