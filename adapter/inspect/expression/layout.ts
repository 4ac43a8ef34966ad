/**
 * How a struct would lie in C's memory, for `sizeof` and `ptype/o`: a number takes 8 bytes, as JavaScript's do, a
 * boolean 1, and arrays, strings and other structs are pointers.
 */
import type { StructInfo } from '../../compiler/debug-info.ts';
import { plainType, SCALAR_TYPES, type TypeTable } from './types.ts';

export interface FieldPlace {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
  readonly size: number;
}

export interface Layout {
  readonly fields: readonly FieldPlace[];
  readonly size: number;
}

const POINTER = 8;

function sizeOf(annotation: string): number {
  const type = plainType(annotation);
  const bits = SCALAR_TYPES.get(type)?.bits;
  return type === 'boolean' ? 1 : bits === undefined ? POINTER : Math.max(1, bits / 8);
}

/** Fields of bases come first. */
export function layoutOf(types: TypeTable, struct: StructInfo): Layout {
  const fields: FieldPlace[] = [];
  let at = 0;
  let align = 1;
  for (const { name, type } of types.allFields(struct)) {
    const size = sizeOf(type);
    at = Math.ceil(at / size) * size;
    fields.push({ name, type, offset: at, size });
    at += size;
    align = Math.max(align, size);
  }
  return { fields, size: Math.ceil(at / align) * align };
}
