/** The machine's NICs as shared memory shows them: registers can be read at any time, and never with a side effect. */
import type { EngineApi } from '../engine/api.ts';

const SUFFIX = '/mac_reg';

/** One NIC: its name, such as `e1000.0`, its registers, indexed by offset / 4, and its PHY's. */
export interface Nic {
  readonly name: string;
  readonly registers: Uint32Array;
  readonly phy: Uint16Array | undefined;
}

/** NICs in order of their names; none before launch. */
export function nics(engine: EngineApi): Nic[] {
  return [...engine.shared]
    .filter(([name]) => name.endsWith(SUFFIX))
    .map(([key, buffer]) => {
      const name = key.slice(0, -SUFFIX.length);
      const phy = engine.shared.get(`${name}/phy_reg`);
      return { name, registers: new Uint32Array(buffer), phy: phy && new Uint16Array(phy) };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** The NIC that one of the words names, else the first, and the other words. `$NAME` always means the first. */
export function chooseNic(
  engine: EngineApi,
  words: readonly string[],
): { nic: Nic | undefined; rest: readonly string[] } {
  const all = nics(engine);
  const named = all.find(({ name }) => words.includes(name));
  return { nic: named ?? all[0], rest: words.filter((w) => w !== named?.name) };
}
