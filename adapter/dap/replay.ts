/** Requests about a replay: its account, how it compares with its capture, and who is to be the guest. */
import { accountLines, divergenceCount, divergenceTexts } from '../inspect/replay.ts';
import { type Arguments, RequestError } from './arguments.ts';
import type { DivergenceBody, DivergencesBody, ReplayBody } from './custom.ts';
import { MAX_HOSTS } from './guest-question.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

/** Divergences of one answer at most. */
const MAX_DIVERGENCES = 1000;

export const replayRequests: Family = {
  'pktgdb/replay': { handle: (session) => replayBody(session) },
  'pktgdb/divergences': {
    handle: (session, args): Promise<DivergencesBody> => {
      const count = Math.min(args.count('count', MAX_DIVERGENCES), MAX_DIVERGENCES);
      return session.engine.divergences(args.count('start', 0), count);
    },
  },
  'pktgdb/divergence': { handle: (session, args) => divergenceBody(session, args) },
  'pktgdb/guest': { handle: (session, args) => session.lifecycle.guests.answer(args.optionalString('address')) },
};

async function replayBody({ engine }: PacketSession): Promise<ReplayBody> {
  const { replay } = engine;
  if (replay === undefined) {
    throw new RequestError('Nothing is being replayed.');
  }
  const { guest, slirp } = replay.plan;
  const account = replay.account();
  return {
    guest: guest.address,
    why: guest.why,
    userNetwork: slirp,
    hosts: replay.hosts.slice(0, MAX_HOSTS),
    account,
    divergences: divergenceCount(account.divergences),
    text: (await accountLines(engine, account)).join('\n'),
  };
}

async function divergenceBody({ engine }: PacketSession, args: Arguments): Promise<DivergenceBody> {
  const index = args.count('index', 0);
  const [one] = (await engine.divergences(index, 1)).divergences;
  if (one === undefined) {
    throw new RequestError(`There is no divergence ${index}.`);
  }
  return divergenceTexts(engine, index, one);
}
