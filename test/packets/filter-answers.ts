/** What filters say of the packets of `filterCapture`. */
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { compileFilter, type Filter, FilterError } from '../../adapter/packets/filter/filter.ts';
import { filterCapture } from './filter-capture.ts';
import type { Answer } from './filter-record.ts';

/** All filters in one walk over the packets. */
export function ourAnswers(filters: readonly string[]): Map<string, Answer> {
  const compiled = filters.map((text) => ({ text, filter: compiledOrNot(text), numbers: [] as number[] }));
  for (const p of walkCapture(readCapture(filterCapture()))) {
    for (const { filter, numbers } of compiled) {
      if (filter?.matches(p)) {
        numbers.push(p.number);
      }
    }
  }
  return new Map(compiled.map(({ text, filter, numbers }) => [text, filter ? numbers : 'error']));
}

function compiledOrNot(text: string): Filter | undefined {
  try {
    return compileFilter(text);
  } catch (error) {
    if (error instanceof FilterError) {
      return undefined;
    }
    throw error;
  }
}
