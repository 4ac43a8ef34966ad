/** Makers of the parts that most protocols of variable places are made of. */
import { formatValue, printable } from './format.ts';
import type { FieldDeclaration, FieldScalar, Part } from './protocol.ts';

/** What else may be said of an occurrence. */
type Extra = Partial<Pick<Part, 'label' | 'text' | 'inside'>>;

/** An occurrence of a field with the usual line: `Type: IPv4 (0x0800)`. */
export function shown(
  field: FieldDeclaration,
  value: FieldScalar,
  [from, length]: readonly [from: number, length: number],
  extra: Extra = {},
): Part {
  const text = (): string => (typeof value === 'string' ? printable(value) : formatValue(field, value));
  return {
    field,
    value,
    from,
    length,
    label: () => `${field.description}: ${named(field, value, text())}`,
    text,
    ...extra,
  };
}

/** An occurrence that the tree does not show. */
export function quiet(
  field: FieldDeclaration,
  value: FieldScalar,
  [from, length]: readonly [from: number, length: number],
): Part {
  return { field, value, from, length };
}

/** A line that is no field, over others. */
export function group(label: string, [from, length]: readonly [from: number, length: number], inside: Part[]): Part {
  return { from, length, label: () => label, inside };
}

function named({ names }: FieldDeclaration, value: FieldScalar, text: string): string {
  return names !== undefined && typeof value === 'number' ? `${names[value] ?? 'Unknown'} (${text})` : text;
}

/** The name of a number, or the number in words: `Unknown (7)`. */
export function nameOf(names: Readonly<Record<number, string>>, n: number, otherwise = 'Unknown'): string {
  return names[n] ?? `${otherwise} (${n})`;
}
