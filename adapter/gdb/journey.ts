/** `info journey`, `info journeys`, `dump journey`, `dump vpp`. */
import { CommandError } from '../commands/command.ts';
import { dispatchTrace, journeyCapture } from '../inspect/journey/files.ts';
import { groupJourneys, type Journey } from '../inspect/journey/journey.ts';
import { journeysSoFar, wholeJourneys } from '../inspect/journey/journeys.ts';
import { writeWhole } from '../written-file.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Identities that a group lists. */
const MOST = 12;

function requireOn(gdb: GdbInterpreter): void {
  if (gdb.settings.journey === 'off') {
    throw new CommandError('Journeys are off; "set journey on" turns them on.');
  }
}

async function journeys(gdb: GdbInterpreter): Promise<readonly Journey[]> {
  requireOn(gdb);
  return journeysSoFar(gdb.engine);
}

/** What is said of packets that are not followed any more; empty if all are. */
function leftOut(all: readonly Journey[]): string {
  const before = (all[0]?.id ?? 1) - 1;
  return before === 0 ? '' : `Packets 1 to ${before} are left out: the last ${all.length} are followed.\n`;
}

/** How many there are, or from which number to which. */
function numbersOf(all: readonly Journey[]): string {
  const [first, last] = [all[0]?.id ?? 1, all.at(-1)?.id ?? 0];
  return first === 1 ? `${last}` : `those from ${first} to ${last}`;
}

/** The packet of a number, or the last one that was seen up to here. */
function chosen(all: readonly Journey[], word: string): Journey {
  const found =
    word === ''
      ? [...all].sort((a, b) => (b.hops.at(-1)?.tick ?? 0) - (a.hops.at(-1)?.tick ?? 0))[0]
      : all.find((j) => String(j.id) === word);
  if (!found) {
    throw new CommandError(
      word === '' ? 'No packet has been on its way.' : `There is no packet ${word}; there are ${numbersOf(all)}.`,
    );
  }
  return found;
}

export async function infoJourney(gdb: GdbInterpreter, args: string): Promise<void> {
  const { id, text, hops, end, relation } = chosen(await journeys(gdb), args.trim());
  gdb.out(`Packet ${id}: ${text}${relation === '' ? '' : `, ${relation}`}\n`);
  const width = Math.max(8, ...hops.map((h) => h.fn.length));
  gdb.out(`${'Tick'.padEnd(11)} ${'Time'.padEnd(12)} ${'Layer'.padEnd(7)} ${'Function'.padEnd(width)} Change\n`);
  for (const { tick, ns, layer, fn, change } of hops) {
    const time = (ns / 1e9).toFixed(6);
    const row = `${String(tick).padEnd(11)} ${time.padEnd(12)} ${layer.padEnd(7)} ${fn.padEnd(width)} ${change}`;
    gdb.out(`${row.trimEnd()}\n`);
  }
  gdb.out(`End: ${end}.\n`);
}

export async function infoJourneys(gdb: GdbInterpreter): Promise<void> {
  const all = await journeys(gdb);
  gdb.out(all.length === 0 ? 'No packet has been on its way.\n' : leftOut(all));
  for (const { path, end, ids } of groupJourneys(all)) {
    const shown = ids.slice(0, MOST).join(', ');
    gdb.out(
      `${ids.length} packet${ids.length === 1 ? '' : 's'}, ${end}: ${shown}${ids.length > MOST ? ', ...' : ''}\n`,
    );
    gdb.out(`    ${path.join(' > ')}\n`);
  }
}

export function dumpJourneys(kind: 'journey' | 'vpp') {
  return async (gdb: GdbInterpreter, args: string): Promise<void> => {
    const path = args.trim();
    if (path === '') {
      throw new CommandError('Argument required (a file to write to).');
    }
    requireOn(gdb);
    const all = await wholeJourneys(gdb.engine);
    try {
      const bytes = kind === 'vpp' ? dispatchTrace(all) : journeyCapture(all);
      await writeWhole(path, bytes, { signal: gdb.interruptible() });
    } catch (error) {
      gdb.interrupts.check();
      throw new CommandError(`Cannot write ${path}: ${(error as Error).message}`);
    }
    gdb.out(leftOut(all));
    gdb.out(`Wrote the journeys of ${all.length} packet${all.length === 1 ? '' : 's'} to ${path}.\n`);
  };
}
