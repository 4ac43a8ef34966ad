/** How registers and their bit fields are read, set and written. Pure: the extension's views use it, too. */
import type { RegisterAccess } from '../stack/hw/net/e1000_regs.ts';

/** `width` bits from bit `lsb`, within a word of 32. */
export interface BitField {
  readonly lsb: number;
  readonly width: number;
}

/** All bits of a register. */
export const WORD: BitField = { lsb: 0, width: 32 };

/** The bits of a field. The value is unsigned, so that bit 31 is no sign. */
export function fieldBits(value: number, { lsb, width }: BitField): number {
  return Math.floor(value / 2 ** lsb) % 2 ** width;
}

/** The value with other bits in a field; undefined if they do not fit into it, or it is not within the word. */
export function withFieldBits(value: number, field: BitField, bits: number): number | undefined {
  const { lsb, width } = field;
  if (!fits(bits, width) || lsb < 0 || lsb + width > WORD.width) {
    return undefined;
  }
  return value + (bits - fieldBits(value, field)) * 2 ** lsb;
}

/** True for an unsigned number of at most `width` bits. */
export function fits(n: number, width: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < 2 ** width;
}

/** `7:4` or `31`. */
export function bitRange({ lsb, width }: BitField): string {
  return width === 1 ? String(lsb) : `${lsb + width - 1}:${lsb}`;
}

/** A field that has a name, and names for some of its values. */
export interface NamedField extends BitField {
  readonly name: string;
  readonly values?: Readonly<Record<number, string>>;
}

/** A field with what a register's value has in it. */
export interface FieldValue<F extends NamedField> {
  readonly field: F;
  readonly bits: number;
  /** What these bits mean, where they have a name. */
  readonly meaning: string | undefined;
}

export function fieldValue<F extends NamedField>(value: number, field: F): FieldValue<F> {
  const bits = fieldBits(value, field);
  return { field, bits, meaning: field.values?.[bits] };
}

/** The fields that are not 0: what a register says at a glance. */
export function setFields<F extends NamedField>(value: number, fields: readonly F[]): FieldValue<F>[] {
  return fields.map((field) => fieldValue(value, field)).filter(({ bits }) => bits !== 0);
}

/** What a guest's accesses do, in words; `effect` is what a read does besides. */
export interface AccessWords {
  readonly access: string;
  readonly effect?: string;
}

export const ACCESS: Readonly<Record<RegisterAccess, AccessWords>> = {
  ro: { access: 'read only' },
  rw: { access: 'read/write' },
  wo: { access: 'write only' },
  rc: { access: 'read only', effect: 'cleared by a read' },
  none: { access: 'not kept, reads as 0' },
};
