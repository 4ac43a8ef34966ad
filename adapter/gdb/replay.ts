/** A replay at the prompt: how far it is, what was played, how it compares with the capture. */
import { CommandError } from '../commands/command.ts';
import { GRADE_WORDS, parseGrade } from '../commands/grades.ts';
import { type Account, type Divergence, GRADES, type ReplayState } from '../engine/api.ts';
import { accountText, count, divergencesText } from '../inspect/replay.ts';
import { visible } from '../packets/format.ts';
import type { GdbInterpreter } from './interpreter.ts';

/** Lines that `info divergence` shows at once at the prompt. */
const PAGE = 40;
/** Divergences that are asked for at once. */
const CHUNK = 1000;
/** Gaps that are named. */
const NAMED_GAPS = 20;

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
  const t = await accountText(gdb.engine, a);
  const rows: (readonly [string, string])[] = [
    ['Position', `${t.position}${a.finished ? ', at the end' : ''}`],
    ['Guest', visible(guest)],
    ['Packets', t.packets],
    ['Connections', t.connections],
    ['Bytes', t.bytes],
    ['Cut packets', t.cut],
    ['Gaps', t.gaps],
    ...a.gaps.named.slice(0, NAMED_GAPS).map((g) => {
      return ['', `stream ${g.stream}, before packet ${g.packet}: bytes ${g.from} to ${g.to}`] as const;
    }),
    ...(a.gaps.count > NAMED_GAPS ? [['', `and ${count(a.gaps.count - NAMED_GAPS)} more`] as const] : []),
    ['Drops', t.drops === '' ? 'the machine is gone' : t.drops],
    ['Divergences', t.divergences],
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
