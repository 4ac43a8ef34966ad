/**
 * `npm run -s fields -- FILE [FIELD...]`, `npm run -s summary -- FILE` and `npm run -s filter -- FILE FILTER`: what
 * the packets of a capture are, a line each, for programs that compare; of a filter, the numbers of those that match.
 * It starts quickly: nothing of the machine is loaded.
 */
import { CaptureError, readCapture } from './packets/capture.ts';
import { walkCapture } from './packets/capture-walk.ts';
import { plainFields } from './packets/field-values.ts';
import { FIELDS, unknownFieldMessage } from './packets/fields.ts';
import { compileFilter, FilterError } from './packets/filter/filter.ts';
import { visible, visibleJson } from './packets/format.ts';
import type { PacketView } from './packets/packet-view.ts';
import { summary } from './packets/summary.ts';
import { captureBytes } from './replay/open.ts';
import { removeAtSignals, sweepTemporaryFolders } from './temporary.ts';

/** Lines that are written at once. */
const LINES_A_WRITE = 512;

/** What is wrong with the command's words. */
class UsageError extends Error {}

/** Makes a line of a packet; undefined for one that has none. */
type Line = (p: PacketView) => string | undefined;

/** The commands: each checks its words and says how a packet becomes a line. */
const COMMANDS: Readonly<
  Record<string, { readonly usage: string; readonly line: (words: readonly string[]) => Line }>
> = {
  fields: {
    usage: 'fields -- FILE [FIELD...]',
    line: (names) => {
      const unknown = names.find((name) => FIELDS[name] === undefined);
      if (unknown !== undefined) {
        throw new UsageError(unknownFieldMessage(unknown));
      }
      return (p) => visibleJson(plainFields(p, names));
    },
  },
  summary: { usage: 'summary -- FILE', line: () => summaryLine },
  filter: {
    usage: "filter -- FILE 'FILTER'",
    line: (words) => {
      const { matches } = compileFilter(words.join(' '));
      return (p) => (matches(p) ? String(p.number) : undefined);
    },
  },
};

/** No., Time, Source, Destination, Protocol, Length and Info, with tabs between. */
function summaryLine(p: PacketView): string {
  const { source, destination, protocol, length, info } = summary(p);
  const time = p.frame?.seconds ?? 0;
  return [p.number, time.toFixed(6), source, destination, protocol, length, info].join('\t');
}

async function main(command: string, [file, ...words]: readonly string[]): Promise<void> {
  const found = COMMANDS[command];
  if (found === undefined || file === undefined) {
    const known = Object.values(COMMANDS).map((c) => `npm run -s ${c.usage}`);
    throw new UsageError(`usage: ${known.join('\n       ')}`);
  }
  const line = found.line(words);
  const capture = readCapture(await captureBytes(file));
  for (const warning of capture.warnings) {
    process.stderr.write(`${visible(file)}: ${visible(warning)}\n`);
  }
  let lines: string[] = [];
  const flush = (): void => {
    process.stdout.write(lines.map((l) => `${l}\n`).join(''));
    lines = [];
  };
  for (const p of walkCapture(capture)) {
    const text = line(p);
    if (text !== undefined) {
      lines.push(text);
    }
    if (lines.length === LINES_A_WRITE) {
      flush();
    }
  }
  flush();
}

const [command = '', ...rest] = process.argv.slice(2);
sweepTemporaryFolders();
removeAtSignals();
try {
  await main(command, rest);
} catch (error) {
  const ours = [UsageError, FilterError, CaptureError].some((kind) => error instanceof kind);
  if (!(error instanceof Error) || !(ours || 'code' in error)) {
    throw error;
  }
  const where = error instanceof FilterError && error.excerpt !== '' ? `\n${error.excerpt}` : '';
  process.stderr.write(`${visible(error.message)}${where}\n`);
  process.exitCode = command === 'filter' || error instanceof UsageError ? 2 : 1;
}
