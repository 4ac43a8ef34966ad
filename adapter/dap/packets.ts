/** Requests about packets so far: drops, register accesses, conversations and what was said. While stopped. */
import { LAYER_NAMES } from '../commands/catch-text.ts';
import type { PacketLayer } from '../engine/api.ts';
import { type DroppedPacket, dropMeaning, droppedPackets, dropsSoFar, explainDrop } from '../inspect/drops.ts';
import { edgeCapture } from '../inspect/edges.ts';
import { groupJourneys, JOURNEY_LAYERS, passesOf } from '../inspect/journey/journey.ts';
import { journeysSoFar } from '../inspect/journey/journeys.ts';
import { registerAccesses } from '../inspect/mmio.ts';
import { conversationFilter, conversationsOf, followStream } from '../packets/conversation-table.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { ConversationsBody, DropsBody, JourneyBody, JourneysBody, MmioBody, StreamBody } from './custom.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

/** Rows of one answer at most. */
const MAX_ROWS = 1000;

export const packetRequests: Family = {
  'pktgdb/drops': {
    handle: (session, args) =>
      dropsBody(session, args.optionalString('reason'), args.optionalBoolean('countsOnly') ?? false),
  },
  'pktgdb/mmio': {
    handle: async ({ engine }, args): Promise<MmioBody> => {
      const all = await registerAccesses(engine);
      return { total: all.length, accesses: all.slice(-Math.min(MAX_ROWS, args.count('count', MAX_ROWS))) };
    },
  },
  'pktgdb/conversations': {
    handle: async ({ engine }, args): Promise<ConversationsBody> => {
      const edge = edgeOf(args);
      const { capture } = await edgeCapture(engine, edge);
      const all = conversationsOf(capture).slice(0, MAX_ROWS);
      return { edge, conversations: all.map((c) => ({ ...c, filter: conversationFilter(c) })) };
    },
  },
  'pktgdb/journeys': {
    handle: async ({ engine }): Promise<JourneysBody> => {
      const all = await journeysSoFar(engine);
      return {
        layers: JOURNEY_LAYERS,
        groups: groupJourneys(all).slice(0, MAX_ROWS),
        packets: all.slice(-MAX_ROWS).map(({ hops, ...j }) => ({ ...j, passes: passesOf(hops) })),
      };
    },
  },
  'pktgdb/journey': {
    handle: async ({ engine }, args): Promise<JourneyBody> => {
      const id = args.number('packet');
      const found = (await journeysSoFar(engine)).find((j) => j.id === id);
      if (found === undefined) {
        throw new RequestError(`There is no packet ${id}.`);
      }
      const hops = found.hops.map(({ fn, layer, tick, probe, ns, change }) => ({ fn, layer, tick, probe, ns, change }));
      return { ...found, hops };
    },
  },
  'pktgdb/stream': {
    handle: async ({ engine }, args): Promise<StreamBody> => {
      const { capture } = await edgeCapture(engine, edgeOf(args));
      const kind = args.optionalString('protocol') === 'udp' ? 'udp' : 'tcp';
      const found = followStream(capture, kind, args.number('stream'));
      if (found === undefined) {
        throw new RequestError(`There is no ${kind} stream ${args.number('stream')}.`);
      }
      const pieces = found.pieces.map(({ side, bytes, packet }) => ({
        side,
        packet,
        base64: Buffer.from(bytes).toString('base64'),
      }));
      return { nodes: found.nodes, missing: found.missing, pieces };
    },
  },
};

function edgeOf(args: Arguments): PacketLayer {
  const edge = args.optionalString('edge') ?? 'slirp';
  const found = LAYER_NAMES.find((name) => name === edge);
  if (found === undefined) {
    throw new RequestError(`There is no edge "${edge}"; there are ${LAYER_NAMES.join(', ')}.`);
  }
  return found as PacketLayer;
}

async function dropsBody(
  { engine }: PacketSession,
  reason: string | undefined,
  countsOnly: boolean,
): Promise<DropsBody> {
  const counts = Object.entries((await droppedPackets(engine)) ?? {});
  const all = countsOnly ? undefined : await dropsSoFar(engine);
  const described = ({ view: _view, ...rest }: DroppedPacket): DropsBody['packets'][number] => rest;
  return {
    reasons: counts.map(([name, count]) => {
      const last = all?.findLast((d) => d.reason === name);
      const more = last === undefined ? {} : { last: described(last) };
      return {
        reason: name,
        count,
        meaning: dropMeaning(name),
        advice: explainDrop(name, last?.view).join('\n'),
        ...more,
      };
    }),
    packets: (all ?? [])
      .filter((d) => reason === undefined || d.reason === reason)
      .slice(-MAX_ROWS)
      .map(described),
  };
}
