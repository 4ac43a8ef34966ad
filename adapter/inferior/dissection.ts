/**
 * What takes packets apart (dissected.ts) is loaded when a machine first needs it: 600 kB of tables whose making would
 * be a third of each launch. Nothing of it is imported by what a machine without a capture begins with.
 */
import type * as Dissected from './dissected.ts';

export type Dissection = typeof Dissected;

let load = (): Dissection => {
  throw new Error('nothing here takes packets apart');
};
let loaded: Dissection | undefined;

/** Says where it comes from. */
export function dissectWith(source: () => Dissection): void {
  load = source;
  loaded = undefined;
}

/** It, loaded now at the latest. */
export function dissection(): Dissection {
  loaded ??= load();
  return loaded;
}

/** It, if something has needed it. */
export function loadedDissection(): Dissection | undefined {
  return loaded;
}
