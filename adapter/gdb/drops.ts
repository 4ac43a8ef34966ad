/** `info drops`: what was given up, why, where, and what to do. */
import { CommandError } from '../commands/command.ts';
import {
  type DroppedPacket,
  dropMeaning,
  droppedPackets,
  dropsSoFar,
  explainDrop,
  packetsGivenUp,
} from '../inspect/drops.ts';
import { DROP_REASONS } from '../stack/util/drop_reasons.ts';
import { near } from '../stack/util/near.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Packets of a reason that are listed. */
const MOST = 200;

export async function infoDrops(gdb: GdbInterpreter, args: string): Promise<void> {
  if (gdb.engine.state === 'none' || gdb.engine.state === 'exited') {
    throw new CommandError('The program is not being run.');
  }
  const wanted = args.trim().toUpperCase();
  if (wanted !== '' && !(wanted in DROP_REASONS)) {
    const like = near(wanted, Object.keys(DROP_REASONS));
    const hint = like.length > 0 ? ` Did you mean ${like.join(', ')}?` : '';
    throw new CommandError(`There is no reason of a drop "${args.trim()}".${hint}`);
  }
  const lost = (await droppedPackets(gdb.engine)) ?? {};
  const counts = Object.entries(lost);
  const others = Object.entries((await packetsGivenUp(gdb.engine)) ?? {}).filter(([reason]) => !(reason in lost));
  const all = await dropsSoFar(gdb.engine);
  if (wanted !== '') {
    gdb.out(reasonText(wanted, all));
    return;
  }
  if (counts.length === 0) {
    gdb.out('No packet was dropped.\n');
  }
  for (const [reason, count] of others) {
    gdb.out(`No loss: ${count} ${reason}, ${dropMeaning(reason)}.\n`);
  }
  if (counts.length === 0) {
    return;
  }
  gdb.out('Count   Reason            Meaning\n');
  for (const [reason, count] of counts) {
    const last = all?.findLast((d) => d.reason === reason);
    gdb.out(`${String(count).padEnd(7)} ${reason.padEnd(17)} ${dropMeaning(reason)}\n`);
    gdb.out(last ? `        last: ${dropText(last)}\n` : '');
    gdb.out(
      explainDrop(reason, last?.view)
        .map((line) => `        ${line}\n`)
        .join(''),
    );
  }
}

function reasonText(reason: string, all: readonly DroppedPacket[] | undefined): string {
  const found = all?.filter((d) => d.reason === reason) ?? [];
  const lines = [`${reason}: ${dropMeaning(reason)}.`, ...explainDrop(reason, found.at(-1)?.view)];
  if (all === undefined) {
    lines.push('Its packets are known when the machine is stopped and history is on.');
  } else if (found.length === 0) {
    lines.push('No packet was dropped for it.');
  }
  const shown = found.slice(-MOST);
  if (shown.length < found.length) {
    lines.push(`${found.length} packets, the last ${shown.length}:`);
  }
  return [...lines, ...shown.map(dropText)].map((line) => `${line}\n`).join('');
}

/** `tick 39065, 1.889033 s: 10.0.2.2 → 10.0.2.15 TCP 60 ...`; `goto tick 39065` leads there. */
function dropText({ tick, ns, summary }: DroppedPacket): string {
  return `tick ${tick}, ${(ns / 1e9).toFixed(6)} s: ${summary === '' ? 'no bytes' : summary}`;
}
