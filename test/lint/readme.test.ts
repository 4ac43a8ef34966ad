/** The README shows a session; its lines of code are those that the program stops at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugInfo, FunctionInfo, ProbeInfo } from '../../adapter/compiler/debug-info.ts';
import { root } from './sources.ts';

/** A line of the README that names a frame; the number of a stop's own line is 0. */
interface ShownFrame {
  readonly number: number;
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

function shownFrames(readme: string): ShownFrame[] {
  return [...readme.matchAll(/^(?:#(\d+) +|Breakpoint \d+, )(\w+) \(.*\) at (\S+\.ts):(\d+)$/gm)].map(
    ([, number = '0', name, file, line]) => ({ number: Number(number), name: name!, file: file!, line: Number(line) }),
  );
}

/** The text of the statements that start on a line. */
function statement(info: DebugInfo, fn: FunctionInfo, line: number): string {
  const ends = fn.probes.map((id) => info.probes[id]!.line).filter((l) => l > line);
  const source = readFileSync(join(root, 'adapter/stack', fn.file), 'utf8').split('\n');
  return source.slice(line - 1, Math.max(line, Math.min(fn.endLine, ...ends) - 1)).join('\n');
}

/** What is wrong with a frame, or ''. `inner` is the frame it called, if the README shows that as well. */
function wrong(info: DebugInfo, frame: ShownFrame, inner: ShownFrame | undefined): string {
  const where = `${frame.name} at ${frame.file}:${frame.line}`;
  const fn = info.functions.find((f) => f.name === frame.name && f.file === frame.file);
  if (!fn) {
    return `${where}: ${frame.file} has no such function`;
  }
  const probes: ProbeInfo[] = fn.probes.map((id) => info.probes[id]!);
  if (frame.number === 0) {
    return frame.line === probes[0]?.line ? '' : `${where}: the breakpoint stops at line ${probes[0]?.line}`;
  }
  const text = statement(info, fn, frame.line);
  if (!probes.some((p) => p.line === frame.line) || !text.includes('(')) {
    return `${where}: no statement with a call starts there`;
  }
  // A call through a member, as `nc.info.receive_iov(...)`, has another name: a longer one ends in it.
  const callees = [...text.matchAll(/(\w+)\(/g)].map((m) => m[1]!);
  return !inner || callees.some((c) => inner.name.endsWith(c)) ? '' : `${where}: ${inner.name} is not called there`;
}

function allWrong(info: DebugInfo, readme: string): string[] {
  const frames = shownFrames(readme);
  return frames
    .map((f) =>
      wrong(
        info,
        f,
        frames.find((i) => i.number === f.number - 1),
      ),
    )
    .filter((w) => w !== '');
}

describe('README.md', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const info = JSON.parse(readFileSync(join(root, 'dist/stack/debug-info.json'), 'utf8')) as DebugInfo;

  it('shows the lines that the session stops at', () => {
    assert.ok(shownFrames(readme).length >= 8);
    assert.deepEqual(allWrong(info, readme), []);
  });

  it('is found out when a line is wrong', () => {
    for (const f of shownFrames(readme)) {
      // Without the frame that it called, a neighbour with a call might do; the session of test/gdb/cli.test.ts tells
      // them apart.
      const exact = f.number === 0 || shownFrames(readme).some((i) => i.number === f.number - 1);
      for (const by of exact ? [-1, 1, 1000] : [1000]) {
        const other = readme.replaceAll(`${f.file}:${f.line}`, `${f.file}:${f.line + by}`);
        assert.notDeepEqual(allWrong(info, other), [], `${f.name} ${by}`);
      }
    }
  });
});
