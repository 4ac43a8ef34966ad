/** A replay at the prompt: how far it is, what was played, how it compares with the capture. */
import { CommandError } from '../commands/command.ts';
import { GRADE_WORDS, parseGrade } from '../commands/grades.ts';
import { type Account, type Divergence, GRADES, type Grade, type ReplayState } from '../engine/api.ts';
import { droppedPackets } from '../inspect/drops.ts';
import { count, reasons } from '../inspect/replay.ts';
import { visible } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Lines that `info divergence` shows at once at the prompt. */
const PAGE = 40;
/** Divergences that are asked for at once. */
const CHUNK = 1000;
/** Gaps that are named. */
const NAMED_GAPS = 20;

function counted(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`;
}

function total(of: Readonly<Record<string, number>>): number {
  return Object.values(of).reduce((a, b) => a + b, 0);
}

/** `packet 512 of 2,360, 3.1 s`. */
export function positionText({ position, packets, seconds }: Account): string {
  return `packet ${count(position)} of ${count(packets)}, ${seconds.toFixed(1)} s`;
}

function packetsText(a: Account): string {
  const left = total(a.notPlayed);
  return `${count(a.played)} of ${counted(a.packets, 'packet')} ${a.finished ? 'played' : 'to play'}${
    left === 0 ? '' : `; ${count(left)} not played: ${reasons(a.notPlayed)}`
  }`;
}

function connectionsText({ connections: c }: Account): string {
  const left = total(c.notPlayed);
  return `${count(c.complete)} complete, ${count(c.partial)} partial, ${count(left)} not played${
    left === 0 ? '' : ` (${reasons(c.notPlayed)})`
  }`;
}

function bytesText({ bytes }: Account): string {
  return `${count(bytes.toHost)} to the host, ${count(bytes.toGuest)} to the guest`;
}

function divergencesText(counts: Readonly<Record<Grade, number>>): string {
  const found = GRADES.filter((grade) => counts[grade] > 0).map((grade) => `${count(counts[grade])} ${grade}`);
  return found.length === 0 ? 'nothing was compared' : found.join('; ');
}

function gapsText({ gaps }: Account): string {
  return gaps.count === 0
    ? 'none'
    : `${counted(gaps.bytes, 'byte')} in ${counted(gaps.count, 'gap')} that the capture lacks`;
}

/** `none`, or `3 (2 TCP_DUPLICATE, 1 UDP_CSUM)`; empty once the machine is gone. */
async function dropsText(gdb: GdbInterpreter): Promise<string> {
  const drops = await droppedPackets(gdb.engine);
  const all = total(drops ?? {});
  return all > 0 ? `${count(all)} (${reasons(drops ?? {})})` : drops ? 'none' : '';
}

/** What became of the packets, in lines; what is nothing to speak of is left out. */
export async function accountText(gdb: GdbInterpreter, a: Account): Promise<string> {
  const drops = await dropsText(gdb);
  const lines = [
    `${a.finished ? '' : `${positionText(a)}: `}${packetsText(a)}.`,
    `Connections: ${connectionsText(a)}.  Bytes: ${bytesText(a)}.${drops === '' ? '' : `  Drops: ${drops}.`}`,
    ...(a.gaps.count > 0 ? [`Played as zeros: ${gapsText(a)}.`] : []),
    `Compared with the capture: ${divergencesText(a.divergences)}.`,
  ];
  return `${lines.join('\n')}\n`;
}

function replayOf(gdb: GdbInterpreter): ReplayState {
  const { replay } = gdb.engine;
  if (!replay) {
    throw new CommandError('Nothing is being replayed; pktgdb replays the capture that is named with -r.');
  }
  return replay;
}

/** `info replay`. */
export async function infoReplay(gdb: GdbInterpreter): Promise<void> {
  const { guest, account } = replayOf(gdb);
  const a = account();
  const drops = await dropsText(gdb);
  const rows: (readonly [string, string])[] = [
    ['Position', `${positionText(a)}${a.finished ? ', at the end' : ''}`],
    ['Guest', visible(guest)],
    ['Packets', packetsText(a)],
    ['Connections', connectionsText(a)],
    ['Bytes', bytesText(a)],
    ['Cut packets', a.cut === 0 ? 'none' : `${count(a.cut)}; what was cut off is played as zeros`],
    ['Gaps', gapsText(a)],
    ...a.gaps.named.slice(0, NAMED_GAPS).map((g) => {
      return ['', `stream ${g.stream}, before packet ${g.packet}: bytes ${g.from} to ${g.to}`] as const;
    }),
    ...(a.gaps.count > NAMED_GAPS ? [['', `and ${count(a.gaps.count - NAMED_GAPS)} more`] as const] : []),
    ['Drops', drops === '' ? 'the machine is gone' : drops],
    ['Divergences', divergencesText(a.divergences)],
  ];
  gdb.out(rows.map(([name, text]) => `${(name === '' ? '' : `${name}:`).padEnd(13)}${text}\n`).join(''));
}

/** Where the list of divergences goes on. */
export interface DivergenceList {
  readonly grade: number;
  readonly next: number;
}

/** `info divergence [GRADE]`; `+` goes on. */
export async function infoDivergence(gdb: GdbInterpreter, args: string): Promise<void> {
  const { account } = replayOf(gdb);
  const word = args.trim();
  const list =
    word === '+' && gdb.divergenceList ? gdb.divergenceList : { grade: word === '' ? 0 : parseGrade(word), next: 0 };
  const room = gdb.atPrompt ? PAGE : Number.POSITIVE_INFINITY;
  const { shown, next, more } = await divergencesFrom(gdb, list, room);
  gdb.divergenceList = more ? { ...list, next } : { ...list, next: Number.POSITIVE_INFINITY };
  gdb.out(shown.map(divergenceText).join(''));
  gdb.out(more ? '(more: an empty line goes on)\n' : `${endOfList(account(), list)}\n`);
}

function endOfList({ divergences }: Account, { grade }: DivergenceList): string {
  const name = GRADES[grade - 1];
  return name === undefined
    ? `In all: ${divergencesText(divergences)}.`
    : `In all: ${count(divergences[name])} ${name}.`;
}

async function divergencesFrom(
  gdb: GdbInterpreter,
  { grade, next }: DivergenceList,
  room: number,
): Promise<{ shown: Divergence[]; next: number; more: boolean }> {
  const shown: Divergence[] = [];
  let at = next;
  while (Number.isFinite(at)) {
    const { divergences } = await gdb.engine.divergences(at, CHUNK);
    for (const d of divergences) {
      const wanted = grade === 0 || d.grade === GRADES[grade - 1];
      if (wanted && shown.length >= room) {
        return { shown, next: at, more: true };
      }
      at++;
      if (wanted) {
        shown.push(d);
      }
    }
    if (divergences.length < CHUNK) {
      break;
    }
  }
  return { shown, next: at, more: false };
}

/** `packet 5 (stream 0): segment [PSH, ACK] of 17 bytes: form: ip.ttl 64 -> 255`. */
function divergenceText(d: Divergence): string {
  const packet = d.packet > 0 ? `packet ${d.packet}` : 'no packet of the capture';
  const stream = d.stream >= 0 ? ` (stream ${d.stream})` : '';
  const word = GRADE_WORDS[GRADES.indexOf(d.grade)] ?? d.grade;
  const fields = d.fields.map((f) => `${f.field} ${f.captured} -> ${f.sent}`).join(', ');
  return `${visible(`${packet}${stream}: ${d.summary}: ${word}${fields === '' ? '' : `: ${fields}`}`)}\n`;
}
