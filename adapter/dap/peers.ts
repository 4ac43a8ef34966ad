/**
 * Machines that talk to each other, by `-netdev socket` and the like: the launch attribute `peers` has the
 * configurations of the others, and the client is asked to start a session for each once this machine is there.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Arguments, describeType, isObject, RequestError } from './arguments.ts';
import type { PacketSession } from './session.ts';

export type Peer = Readonly<Record<string, unknown>>;

/** The attribute `peers` of a launch. Throws `RequestError` for what is none. */
export function parsePeers(raw: Arguments): readonly Peer[] {
  const value = raw.raw['peers'] ?? [];
  if (!Array.isArray(value)) {
    throw new RequestError(`launch: peers must be an array of launch configurations, not ${describeType(value)}`);
  }
  return value.map((peer: unknown, i) => {
    if (!isObject(peer)) {
      throw new RequestError(`launch: peers[${i}] must be a launch configuration, not ${describeType(peer)}`);
    }
    // Who connects to an adapter that runs already has to show the token there too.
    return raw.has('token') ? { token: raw.raw['token'], ...peer } : peer;
  });
}

/** Has the client start the other machines. */
export function startPeers(session: PacketSession, peers: readonly Peer[]): void {
  for (const [i, peer] of peers.entries()) {
    const name = typeof peer['name'] === 'string' ? peer['name'] : `machine ${i + 2}`;
    if (!session.client.supportsStartDebugging) {
      session.output('important', `This client starts no second session; start "${name}" yourself.\n`);
      continue;
    }
    const args: DebugProtocol.StartDebuggingRequestArguments = { request: 'launch', configuration: { ...peer, name } };
    session.askClient('startDebugging', args, (problem) =>
      session.output('important', `The session "${name}" was not started: ${problem}\n`),
    );
  }
}
