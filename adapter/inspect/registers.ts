/**
 * The registers of a NIC by the manual's names, from the stack's table. Everything that is shown of them is made from
 * it.
 */
import type { RegisterField } from '../stack/hw/net/e1000_fields.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../stack/hw/net/e1000_regs.ts';

export type { RegisterField, RegisterInfo };

/** Registers that the manual describes together. */
export interface RegisterGroup {
  readonly name: string;
  readonly registers: readonly RegisterInfo[];
}

/** Registers and arrays of registers, in the manual's order. */
export const ALL_REGISTERS: readonly RegisterInfo[] = E1000_REGISTERS;

const BY_NAME: ReadonlyMap<string, RegisterInfo> = new Map(E1000_REGISTERS.map((r) => [r.name, r]));

/** Names of groups, in the manual's order. */
export const REGISTER_GROUPS: readonly string[] = [...new Set(E1000_REGISTERS.map((r) => r.group))];

/** Groups and their registers, in the order of the table. */
export const REGISTERS_BY_GROUP: readonly RegisterGroup[] = REGISTER_GROUPS.map((name) => ({
  name,
  registers: E1000_REGISTERS.filter(({ group }) => group === name),
}));

/** Registers that are no arrays, in the order of the groups: those that `$` may stand before. */
export const SINGLE_REGISTERS: readonly RegisterInfo[] = REGISTERS_BY_GROUP.flatMap(({ registers }) =>
  registers.filter(({ count }) => count === 1),
);

/** The register or array of registers of a name. */
export function findRegister(name: string): RegisterInfo | undefined {
  return BY_NAME.get(name);
}

/** Index of a single register in `mac_reg`; undefined for names that are none and for arrays of registers. */
export function registerIndex(name: string): number | undefined {
  const r = BY_NAME.get(name);
  return r?.count === 1 ? r.offset >> 2 : undefined;
}

/** The register at an index of `mac_reg`, and which element of it, if it is an array. */
export function registerAt(index: number): { readonly info: RegisterInfo; readonly element: number } | undefined {
  for (const info of E1000_REGISTERS) {
    const element = (index * 4 - info.offset) / info.stride;
    if (Number.isInteger(element) && element >= 0 && element < info.count) {
      return { info, element };
    }
  }
  return undefined;
}

/** Registers by name or group, ignoring case; undefined if there is no such. */
export function findRegisters(name: string): readonly RegisterInfo[] | undefined {
  const wanted = name.replace(/^\$/, '').toLowerCase();
  const found = E1000_REGISTERS.filter((r) => r.name.toLowerCase() === wanted || r.group.toLowerCase() === wanted);
  return found.length > 0 ? found : undefined;
}

/** All names that `$` may stand before, sorted. */
export function registerNames(): string[] {
  return SINGLE_REGISTERS.map((r) => r.name).sort();
}
