/** Random sessions whose recordings are executed again to the same ticks, frames and state. */
import { RandomMachine } from '../core/random-session.ts';
import { Session } from '../core/session.ts';
import { theme } from './theme.ts';

/** Sessions that one machine goes through, as loading the stack takes as long as many of them. */
const TOGETHER = 4;

interface Piece {
  readonly seed: number;
  readonly sessions: number;
}

async function compared(s: Session, run: (machine: RandomMachine) => Promise<void>): Promise<void> {
  const machine = new RandomMachine(s);
  try {
    await run(machine);
    await s.compare();
  } catch (error) {
    const did = machine.log.join('\n  ');
    throw new Error(`${error instanceof Error ? error.message : error}\n  ${did}`, { cause: error });
  }
}

export const history = theme<Piece>({
  unit: 'sessions',
  deadline: 60_000,
  make: (_random, seed) => [{ seed, sessions: TOGETHER }],
  async attempt(pieces) {
    const s = await Session.create();
    s.engine.internals = { hashFrames: true };
    try {
      for (const { seed, sessions } of pieces) {
        await compared(s, (machine) => machine.replay(seed));
        await compared(s, (machine) => machine.live(seed + 1, sessions));
      }
    } finally {
      await s.dispose();
    }
    return pieces.reduce((n, { sessions }) => n + sessions + 1, 0);
  },
});
