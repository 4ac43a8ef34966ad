/** Where in the machine's options a text ends, and what may stand there. */
import type { Candidate, Place } from './candidates.ts';
import { findOption, MACHINE_OPTIONS, type MachineOption, type OptionKind } from './machine-options.ts';

/** An option whose value is being written. */
export interface OptionContext {
  readonly option: MachineOption;
  /** The value as far as it is there. */
  readonly value: string;
  /** What the value's first word says it is. */
  readonly kind: OptionKind | undefined;
}

/** The option whose value the end of `text` is in. */
export function optionContext(text: string): OptionContext | undefined {
  const [, name = '', value = ''] = /(?:^|\s)(--?[\w-]+)\s+(\S*)$/.exec(text) ?? [];
  const option = findOption(name);
  if (!option) {
    return undefined;
  }
  const type = /^(?:(?:type|driver)=)?([^,=]*)/.exec(value)?.[1] ?? '';
  return { option, value, kind: Object.hasOwn(option.kinds, type) ? option.kinds[type] : undefined };
}

function options(): Candidate[] {
  return MACHINE_OPTIONS.map((o) => ({ text: o.name, kind: 'option', detail: o.description }));
}

/** `-netdev user,id=n0,hostf`: options, their kinds, parameters, values. */
export function optionPlace(text: string): Place {
  const at = optionContext(text);
  if (!at || Object.keys(at.option.kinds).length === 0) {
    return { word: /[\w-]*$/.exec(text)?.[0] ?? '', candidates: options() };
  }
  const word = at.value.slice(at.value.lastIndexOf(',') + 1);
  if (!at.value.includes(',')) {
    const kinds = Object.entries(at.option.kinds);
    return { word, candidates: kinds.map(([name, k]) => ({ text: name, kind: 'value', detail: k.description })) };
  }
  const parameters = at.kind?.parameters ?? [];
  const equals = word.indexOf('=');
  if (equals < 0) {
    return { word, candidates: parameters.map((p) => ({ text: `${p.name}=`, kind: 'option', detail: p.description })) };
  }
  const values = parameters.find((p) => p.name === word.slice(0, equals))?.values ?? [];
  return {
    word: word.slice(equals + 1),
    candidates: values.map((value) => ({ text: value, kind: 'value', detail: '' })),
  };
}
