/** Tools that ask about all that has happened in a session. */
import { z } from 'zod';
import type {
  ConversationsBody,
  DivergenceBody,
  DivergencesBody,
  DropsBody,
  JourneyBody,
  JourneysBody,
  ReplayBody,
} from '../../dap/custom.ts';
import { query } from '../requests.ts';
import { type Tool, tool } from '../tool.ts';
import { SESSION } from './running.ts';

/** Rows that an answer has, unless more are wanted. */
const ROWS = 50;

const LIMIT = z.number().int().min(1).max(1000).optional().describe(`Rows at most (default ${ROWS}).`);

const calls = tool({
  name: 'calls',
  title: 'All calls of a function',
  description:
    'Every call of a function in the recorded history: position, packet, caller, arguments, value returned. ' +
    '"drop" is the function that gives packets up.',
  readOnly: true,
  input: z.object({
    session: SESSION,
    function: z.string().describe('A name, or /REGEX/.'),
    condition: z.string().optional().describe('Only calls for which it is true: $pkt.tcp.len > 0.'),
    show: z.array(z.string()).optional().describe('Expressions to show for each call.'),
    limit: LIMIT,
  }),
  run: async (sessions, { session: id, function: name, condition, show = [], limit = ROWS }) => {
    const text = `${name}${condition ? ` if ${condition}` : ''}${show.length ? ` show ${show.join(', ')}` : ''}`;
    return { session: id, data: await query(sessions.get(id), 'calls', text, limit) };
  },
});

const packets = tool({
  name: 'packets',
  title: 'Packets that passed',
  description: 'Packets that have passed the edges of the layers so far, by a Wireshark display filter.',
  readOnly: true,
  input: z.object({ session: SESSION, filter: z.string().optional(), limit: LIMIT }),
  run: async (sessions, { session: id, filter = '', limit = ROWS }) => ({
    session: id,
    data: await query(sessions.get(id), 'packets', filter, limit),
  }),
});

const lastWrite = tool({
  name: 'last_write',
  title: 'Who wrote it last',
  description:
    'Which function at which line wrote a register ($RDT), field (so->so_state), variable or guest ' +
    'memory last before ' +
    'this moment, with the old and the new value and a position to go to.',
  readOnly: true,
  input: z.object({ session: SESSION, expression: z.string() }),
  run: async (sessions, { session: id, expression }) => ({
    session: id,
    data: await query(sessions.get(id), 'last-write', expression, 1),
  }),
});

const journey = tool({
  name: 'journey',
  title: 'The way of a packet',
  description:
    'Without "packet": the packets so far, grouped by their ways, and how each ended (delivered, ' +
    'dropped, still queued). ' +
    'With it: every function that this packet passed, in order, with position, layer and what changed.',
  readOnly: true,
  input: z.object({ session: SESSION, packet: z.number().int().min(1).optional(), limit: LIMIT }),
  run: async (sessions, { session: id, packet, limit = ROWS }) => {
    const { port } = sessions.get(id);
    if (packet !== undefined) {
      const { hops, ...about } = await port.request<JourneyBody>('pktgdb/journey', { packet });
      const shown = hops.map(({ tick, probe, ...hop }) => ({ ...hop, position: `${tick}:${probe}` }));
      return { session: id, data: { ...about, hops: shown } };
    }
    const { groups, packets } = await port.request<JourneysBody>('pktgdb/journeys');
    return { session: id, data: { groups: groups.slice(0, limit), packets: packets.slice(-limit) } };
  },
});

const explainDrop = tool({
  name: 'explain_drop',
  title: 'Why packets were dropped',
  description:
    'Packets that were given up so far, by reason: how many, what the reason means, the section ' +
    'that is about it, and ' +
    'what to do. With "reason": those packets.',
  readOnly: true,
  input: z.object({ session: SESSION, reason: z.string().optional(), limit: LIMIT }),
  run: async (sessions, { session: id, reason, limit = ROWS }) => {
    const args = reason === undefined ? {} : { reason };
    const { reasons, packets } = await sessions.get(id).port.request<DropsBody>('pktgdb/drops', args);
    const position = ({ tick, ...rest }: DropsBody['packets'][number]): unknown => ({ ...rest, tick });
    return {
      session: id,
      data: {
        reasons: reasons.filter((r) => reason === undefined || r.reason === reason),
        packets: packets.slice(-limit).map(position),
      },
    };
  },
});

const divergence = tool({
  name: 'divergence',
  title: 'How the replay differs from its capture',
  description:
    'The account of a replay: who is the guest, what was played, connections, bytes, and the pairs ' +
    'of captured and sent ' +
    'packets that differ. With "index": both packets of one pair as text.',
  readOnly: true,
  input: z.object({ session: SESSION, index: z.number().int().min(0).optional(), limit: LIMIT }),
  run: async (sessions, { session: id, index, limit = ROWS }) => {
    const { port } = sessions.get(id);
    if (index !== undefined) {
      return { session: id, data: await port.request<DivergenceBody>('pktgdb/divergence', { index }) };
    }
    const { guest, why, text, hosts } = await port.request<ReplayBody>('pktgdb/replay');
    const pairs = await port.request<DivergencesBody>('pktgdb/divergences', { count: limit });
    return { session: id, data: { guest, why, account: text, hosts: hosts.slice(0, 10), ...pairs } };
  },
});

const conversations = tool({
  name: 'conversations',
  title: 'Who talked with whom',
  description: 'TCP and UDP conversations so far: ends, packets, bytes, duration, round trip, retransmissions, state.',
  readOnly: true,
  input: z.object({ session: SESSION, limit: LIMIT }),
  run: async (sessions, { session: id, limit = ROWS }) => {
    const { conversations: all } = await sessions.get(id).port.request<ConversationsBody>('pktgdb/conversations');
    return { session: id, data: all.slice(0, limit) };
  },
});

export const ASKING_TOOLS: readonly Tool[] = [
  calls,
  packets,
  lastWrite,
  journey,
  explainDrop,
  divergence,
  conversations,
];
