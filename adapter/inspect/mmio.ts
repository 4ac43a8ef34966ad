/** Accesses of the guest's driver to the NIC's registers, so far. */
import type { EngineApi } from '../engine/api.ts';
import { registerAt } from './registers.ts';

export interface RegisterAccess {
  readonly tick: number;
  /** The machine's clock. */
  readonly ns: number;
  readonly write: boolean;
  /** The register's name, such as `RDT` or `MTA[3]`, or its offset. */
  readonly register: string;
  readonly value: number;
}

/** All accesses up to the moment that is shown, in order. Throws where history is off or the machine runs. */
export async function registerAccesses(engine: EngineApi): Promise<readonly RegisterAccess[]> {
  const notes = await engine.trace([
    { name: 'e1000_mmio_read', at: 'return', data: '[addr,$ret]' },
    { name: 'e1000_mmio_write', at: 0, data: '[addr,val>>>0]' },
  ]);
  return notes.map(({ tick, ns, place, data }) => {
    const [offset = 0, value = 0] = data as readonly number[];
    return { tick, ns, write: place === 1, register: registerName(offset & 0x1ffff), value };
  });
}

function registerName(offset: number): string {
  const found = registerAt(offset >> 2);
  if (!found) {
    return `0x${offset.toString(16)}`;
  }
  return found.info.count > 1 ? `${found.info.name}[${found.element}]` : found.info.name;
}
