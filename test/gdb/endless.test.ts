/** What goes on without an end is ended at once: by Ctrl-C, a client's cancel, and every way in which a user can go. */
import { Random } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { anyEnding, CLI_ENDINGS, DAP_ENDINGS, type Ending, endless, endsAtOnce } from './endless.ts';

/** Milliseconds that an end may take on a machine that is busy with others: without one it would be minutes. */
const SOON_MS = 20_000;
const MORE = Number(process.env['PKTGDB_ENDINGS'] ?? 0);
const SEED = Number(process.env['PKTGDB_SEED'] ?? 4101);

describe('what goes on without an end', function () {
  this.timeout(240_000);
  const folder = tempFolder();
  const random = Random.spread(SEED);
  const some = (): { lines: string[]; ms: number } => ({ lines: endless(random), ms: random.next(60) });
  const cases: Ending[] = [
    ...CLI_ENDINGS.map((how): Ending => ({ ...some(), front: 'cli', how })),
    ...DAP_ENDINGS.map((how): Ending => ({ ...some(), front: 'dap', how })),
    ...Array.from({ length: MORE }, () => anyEnding(random)),
  ];
  for (const one of cases) {
    const { front, how, lines, ms } = one;
    it(`${front}: ${lines.join('; ')}: is ended by ${how} after ${ms} ms`, () => endsAtOnce(one, folder, SOON_MS));
  }
});
