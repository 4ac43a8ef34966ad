/** Tools that look at a machine that stands. */
import { z } from 'zod';
import type { ConnectionsBody, PacketBody, RegisterLayout, RegistersBody, RingsBody } from '../../dap/custom.ts';
import type { AgentSession } from '../agent-session.ts';
import { childrenOf, frameText, oneLine, shown } from '../requests.ts';
import { type Tool, tool } from '../tool.ts';
import { SESSION } from './running.ts';

/** Frames that an answer has at most. */
const MAX_FRAMES = 50;

const FRAME = z.number().int().min(0).max(1000).optional().describe('Number of the frame, 0 (default) the innermost.');

async function locals(session: AgentSession, frame: number): Promise<unknown> {
  const { id } = await session.frame(frame);
  const { scopes } = await session.port.request<{
    readonly scopes: readonly { readonly name: string; readonly variablesReference: number }[];
  }>('scopes', { frameId: id });
  const scope = scopes.find(({ name }) => name === 'Locals') ?? scopes[0];
  return scope === undefined ? {} : (await childrenOf(session, scope.variablesReference, 1)).children;
}

/** Registers of each NIC by name, in hexadecimal; those that are 0 are left out. */
async function registers(session: AgentSession): Promise<unknown> {
  const { groups } = await session.port.request<RegisterLayout>('pktgdb/registerLayout');
  const { nics } = await session.port.request<RegistersBody>('pktgdb/registers', {});
  const single = groups.flatMap((group) => group.registers).filter(({ count }) => count === 1);
  return Object.fromEntries(
    nics.map(({ name, values }) => [
      name,
      Object.fromEntries(
        single.flatMap((r, i) => (values[i] ? [[r.name, `0x${values[i].toString(16).padStart(8, '0')}`]] : [])),
      ),
    ]),
  );
}

/** The packet as indented lines, and its bytes. */
async function packetInHand(session: AgentSession): Promise<unknown> {
  const { packet } = await session.port.request<PacketBody>('pktgdb/packet');
  if (packet === undefined) {
    return null;
  }
  const { number, summary, lines, hex } = packet;
  const tree = lines.map(({ depth, name, text }) => `${'  '.repeat(depth)}${name}: ${text}`);
  return {
    number,
    summary,
    tree,
    hex,
    ascii: Buffer.from(hex, 'hex')
      .toString('latin1')
      .replace(/[^ -~]/g, '.'),
  };
}

const VIEWS: Readonly<Record<string, (session: AgentSession, frame: number) => Promise<unknown>>> = {
  stack: async (session) => (await session.frames(MAX_FRAMES)).map(frameText),
  locals,
  registers,
  rings: async (session) => (await session.port.request<RingsBody>('pktgdb/rings')).nics,
  packet: packetInHand,
  connections: async (session) => (await session.port.request<ConnectionsBody>('pktgdb/connections')).networks,
};

const look = tool({
  name: 'look',
  title: 'Look at the stopped machine',
  description:
    'Shows the call stack, the local variables of a frame, the NIC registers that are not 0, the descriptor rings ' +
    "(states: n empty and the NIC's, p packet for the driver, f the driver's; tx: w waiting, d sent, f free), the " +
    'packet in hand with all its fields, or the connections of the user network.',
  readOnly: true,
  input: z.object({
    session: SESSION,
    what: z.array(z.enum(['stack', 'locals', 'registers', 'rings', 'packet', 'connections'])).min(1),
    frame: FRAME,
  }),
  run: async (sessions, { session: id, what, frame = 0 }) => {
    const session = sessions.get(id);
    await session.frames(1);
    const data: Record<string, unknown> = {};
    for (const view of what) {
      data[view] = await VIEWS[view]?.(session, frame);
    }
    return { session: id, data };
  },
});

const evaluate = tool({
  name: 'evaluate',
  title: 'Evaluate an expression',
  description:
    'Evaluates a C expression in a frame: variables (so->so_state, tp->snd_una), registers ($RDT), ' +
    "the packet's fields " +
    '($pkt.tcp.dstport), guest memory (*(uint32_t *)0x101000). It changes nothing.',
  readOnly: true,
  input: z.object({ session: SESSION, expression: z.string(), frame: FRAME }),
  run: async (sessions, { session: id, expression, frame = 0 }) => {
    const session = sessions.get(id);
    const { id: frameId } = await session.frame(frame);
    const answer = await session.port.request<{ result: string; type?: string; variablesReference: number }>(
      'evaluate',
      { expression: oneLine('expression', expression), frameId, context: 'watch' },
    );
    return { session: id, data: await shown(session, { ...answer, value: answer.result }, 2) };
  },
});

export const LOOKING_TOOLS: readonly Tool[] = [look, evaluate];
