/**
 * Scripts of all commands with any arguments, in loops and definitions, interrupted anywhere; sessions that end. Now
 * and then it is a program, at its prompt or with a client of DAP, which is ended in all the ways there are.
 */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chdir } from 'node:process';
import { EXAMPLES } from '../../adapter/commands/examples.ts';
import { COMMANDS } from '../../adapter/commands/table/index.ts';
import { anyEnding, type Ending, endsAtOnce } from '../gdb/endless.ts';
import { GdbEngine } from '../gdb/fake-engine.ts';
import { Session } from '../gdb/session.ts';
import type { Random } from '../kit/random.ts';
import { tempFolder } from '../kit/temp.ts';
import { soon } from '../kit/until.ts';
import { PIECES } from '../language/random.ts';
import { theme } from './theme.ts';

/** A line, and after how many turns of the event loop it is interrupted, or all ends (`-1`: neither). */
interface Line {
  readonly line: string;
  readonly interrupt: number;
  readonly end?: boolean;
}

type Piece = Line | { readonly program: Ending };

const LINES = 30;
/** One case in so many is a program: it takes as long as many others. */
const PROGRAMS = 200;
/** Milliseconds that a program may take until it is over. */
const ENDED_MS = 8000;
/** Milliseconds that an interrupt may take until it is heard. */
const SOON_MS = 2000;
/** Milliseconds after which a line is interrupted in any case. */
const ENOUGH_MS = 500;
/** Characters that a line may print: more is a bomb. */
const PRINTED_MAX = 4 << 20;

/** What starts programs of the system, ends the session, or asks for files. */
const LEFT_OUT = /^(shell|!|pipe|\||make|quit|exit|kill|cd|edit|js)/;

const names = COMMANDS.flatMap((command) => [
  command.name,
  ...(command.subcommands ?? []).map((sub) => `${command.name} ${sub.name}`),
]).filter((name) => !LEFT_OUT.test(name));
const examples = Object.values(EXAMPLES).filter((line) => !LEFT_OUT.test(line));

/** What does not end by itself, or prints without end. */
const ENDLESS = [
  ['while 1', 'set $x = 1', 'end'],
  ['while 1', 'while 1', 'set $x++', 'end', 'end'],
  ['define again', 'again', 'end', 'again'],
  ['define forever', 'while 1', 'echo x', 'end', 'end', 'forever'],
  ['while 1', 'next', 'end'],
  ['while 1', 'source self', 'end'],
  ['document forever', 'x', 'end', 'help forever'],
  ['print -elements unlimited -- $_as_string(1)@100000'],
  ['printf "%1000000000d\\n", 1'],
  ['printf "%.1000f %99999s\\n", 1.5, "x"'],
  ['source .'],
  ['source /dev/null'],
  ['x/1000000xb 0x100000'],
  ['output 1@1000000'],
  ['python x'],
] as const;

const words = PIECES.filter((piece) => !LEFT_OUT.test(piece.trim()) && piece !== '\\\n');

function line(random: Random): string {
  switch (random.next(5)) {
    case 0:
      return random.pick(examples);
    case 1: {
      // An example with one of its words exchanged.
      const parts = random.pick(examples).split(' ');
      parts[1 + random.next(parts.length)] = random.pick(words).trim();
      return parts.join(' ');
    }
    case 2:
      return random.pick(['if 1', 'while $i++ < 3', 'end', 'else', 'loop_break', 'define f', 'commands', 'document f']);
    default:
      return `${random.pick(names)} ${Array.from({ length: random.next(5) }, () => random.pick(words)).join('')}`;
  }
}

/** What became of a line. */
async function one(s: Session, { line: text, interrupt, end }: Line): Promise<void> {
  let over = false;
  const run = s.run(...text.split('\n')).finally(() => {
    over = true;
  });
  // What ends by itself does so at once; a loop may have become endless by chance.
  const turns = interrupt < 0 ? Number.POSITIVE_INFINITY : interrupt;
  for (let n = 0, start = performance.now(); n < turns && !over && performance.now() - start < ENOUGH_MS; n++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (end === true) {
    s.gdb.dispose();
  } else if (!over) {
    s.gdb.interrupt();
  }
  assert.ok(await soon(() => over, SOON_MS), 'goes on after it was interrupted');
  const printed = await run;
  assert.ok(printed.length < PRINTED_MAX, `${printed.length} characters`);
}

let engine: GdbEngine;
/** Where scripts write their files. */
const folder = tempFolder();

export const scripts = theme<Piece>({
  unit: 'lines',
  deadline: 90_000,
  async open() {
    engine = new GdbEngine();
    chdir(folder);
  },
  make(random) {
    if (random.next(PROGRAMS) === 0) {
      return [{ program: anyEnding(random) }];
    }
    const pieces: Piece[] = [];
    while (pieces.length < LINES) {
      const endless = random.next(8) === 0;
      const lines = endless ? random.pick(ENDLESS) : [line(random)];
      const end = random.next(20) === 0;
      pieces.push(
        ...lines.map((text, i) => ({
          line: text,
          interrupt: endless && i === lines.length - 1 ? random.next(30) : -1,
          ...(end ? { end } : {}),
        })),
      );
    }
    return pieces;
  },
  async attempt(pieces) {
    engine = new GdbEngine(engine.sourceRoot);
    const s = new Session(engine.stand());
    try {
      for (const piece of pieces) {
        await ('program' in piece ? endsAtOnce(piece.program, folder, ENDED_MS) : one(s, piece));
      }
    } finally {
      s.gdb.dispose();
      for (const file of readdirSync(folder)) {
        rmSync(join(folder, file), { recursive: true, force: true });
      }
    }
    return pieces.length;
  },
});
