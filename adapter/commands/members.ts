/** Completion behind `->` and `.`: fields of what an expression means, by the types of the stack's declarations. */
import type { DebugInfo } from '../compiler/debug-info.ts';
import { type StaticType, TypeTable } from '../inspect/expression/types.ts';
import type { Candidate } from './candidates.ts';

/** A chain of names and indexes, and the beginning of the name of a member. */
const MEMBER = /([A-Za-z_]\w*(?:(?:->|\.)[A-Za-z_]\w*|\[[^[\]]*\])*)(?:->|\.)(\w*)$/;

const tables = new WeakMap<DebugInfo, TypeTable>();

/** The object and the beginning of the member's name at the end of a text; undefined if it ends in no member. */
export function memberAt(text: string): { readonly object: string; readonly word: string } | undefined {
  const [, object, word] = MEMBER.exec(text) ?? [];
  return object === undefined || word === undefined ? undefined : { object, word };
}

/** Fields of an object; `typesOf` has the declared types that its first name may have. */
export function members(info: DebugInfo, object: string, typesOf: (name: string) => Iterable<string>): Candidate[] {
  let table = tables.get(info);
  if (table === undefined) {
    table = new TypeTable(info);
    tables.set(info, table);
  }
  const [base = '', ...path] = object.match(/[A-Za-z_]\w*|\[[^[\]]*\]/g) ?? [];
  const found = new Map<string, Candidate>();
  for (const declared of typesOf(base)) {
    const type = path.reduce((at, step) => inside(table, at, step), table.staticType(declared));
    for (const candidate of fieldsOf(table, type)) {
      found.set(candidate.text, candidate);
    }
  }
  return [...found.values()];
}

const UNKNOWN: StaticType = { kind: 'any' };

function inside(table: TypeTable, type: StaticType, step: string): StaticType {
  if (step.startsWith('[')) {
    return type.kind === 'array' ? type.element : UNKNOWN;
  }
  const field = type.kind === 'struct' ? table.field(type.struct, step) : undefined;
  return field ? table.staticType(field.type) : UNKNOWN;
}

function fieldsOf(table: TypeTable, type: StaticType): Candidate[] {
  if (type.kind !== 'struct') {
    return [];
  }
  const base = table.struct(type.struct.extends.replace(/<.*$/, '').trim());
  const inherited = base && base !== type.struct ? fieldsOf(table, { kind: 'struct', struct: base }) : [];
  return [...type.struct.fields.map((f): Candidate => ({ text: f.name, kind: 'field', detail: f.type })), ...inherited];
}
