/** Expressions displayed at each stop. */

import { CommandError } from '../commands/command.ts';
import { parseExpression } from '../inspect/expression/parser.ts';
import { type Format, formatResult, splitFormat } from '../inspect/values.ts';
import type { GdbInterpreter } from './interpreter.ts';
import { examine } from './memory.ts';
import { parseNumbers } from './places.ts';

/** Shows all that can be evaluated here; others (locals of another function) are passed over, as in gdb. */
export async function runDisplays(gdb: GdbInterpreter): Promise<void> {
  for (const d of gdb.displays.filter((x) => x.enabled)) {
    try {
      await show(gdb, d);
    } catch {
      // Not available in this frame.
    }
  }
}

async function show(gdb: GdbInterpreter, d: GdbInterpreter['displays'][number]): Promise<void> {
  const { format } = splitFormat(d.format);
  if (format && isMemory(format)) {
    gdb.out(`${d.id}: x${d.format} ${d.text}\n`);
    return examine(gdb, `${d.format} ${d.text}`);
  }
  const letter = format?.letter ?? '';
  const result = await gdb.evaluator.evaluate(d.text, gdb.expressionFrame());
  const text = gdb.style.value(await formatResult(gdb.reader, gdb.settings.print, result, letter));
  gdb.out(`${d.id}: ${d.format === '' ? '' : `${d.format} `}${d.text} = ${text}\n`);
}

/** As in gdb, a count, a size, `s` and `i` ask for memory, as `x` shows it. */
function isMemory({ count, size, letter }: Format): boolean {
  return count !== 1 || size !== '' || letter === 's';
}

export async function display(gdb: GdbInterpreter, args: string): Promise<void> {
  if (args.trim() === '') {
    return runDisplays(gdb);
  }
  const { format, rest } = splitFormat(args);
  if (rest.trim() === '') {
    throw new CommandError('Argument required (expression to compute).');
  }
  parseExpression(rest);
  const d = {
    id: gdb.lastDisplay + 1,
    text: rest.trim(),
    format: format
      ? isMemory(format)
        ? args.slice(0, args.length - rest.length).trim()
        : `/${format.letter || 'x'}`
      : '',
    enabled: true,
  };
  if (gdb.engine.state === 'stopped') {
    await show(gdb, d);
  }
  gdb.lastDisplay++;
  gdb.displays.push(d);
}

export async function undisplay(gdb: GdbInterpreter, args: string): Promise<void> {
  const ids = parseNumbers(gdb, args, 'display number');
  if (ids.length === 0) {
    if (await gdb.confirm('Delete all auto-display expressions?')) {
      gdb.displays.length = 0;
    }
    return;
  }
  checkDisplays(gdb, ids, (d) => gdb.displays.splice(gdb.displays.indexOf(d), 1));
}

/** `enable display` and `disable display`. */
export function enableDisplays(gdb: GdbInterpreter, args: string, enabled: boolean): void {
  const ids = parseNumbers(gdb, args, 'display number');
  checkDisplays(gdb, ids.length > 0 ? ids : gdb.displays.map((d) => d.id), (d) => {
    d.enabled = enabled;
  });
}

/** Does `action` with each display of these numbers; unknown ones are complained about at the end. */
function checkDisplays(
  gdb: GdbInterpreter,
  ids: readonly number[],
  action: (display: GdbInterpreter['displays'][number]) => void,
): void {
  const missing = ids.filter((id) => {
    const found = gdb.displays.find((d) => d.id === id);
    if (found) {
      action(found);
    }
    return !found;
  });
  if (missing.length > 0) {
    throw new CommandError(missing.map((id) => `No display number ${id}.`).join('\n'));
  }
}

export function infoDisplay(gdb: GdbInterpreter): void {
  if (gdb.displays.length === 0) {
    gdb.out('There are no auto-display expressions now.\n');
    return;
  }
  gdb.out('Auto-display expressions now in effect:\nNum Enb Expression\n');
  for (const d of gdb.displays) {
    gdb.out(`${d.id}:   ${d.enabled ? 'y' : 'n'}  ${d.format === '' ? '' : `${d.format} `}${d.text}\n`);
  }
}
