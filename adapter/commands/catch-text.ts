/** What `catch packet` is given: a display filter, and a layer behind `in`. */
import { PACKET_LAYERS, type PacketLayer } from '../engine/api.ts';
import { compileFilter, FilterError } from '../packets/filter/filter.ts';
import { CommandError } from './command.ts';

export interface CatchText {
  readonly filter: string;
  readonly layer: PacketLayer;
}

/** Where packets are caught unless the user says otherwise: each passes the NIC once. */
const DEFAULT_LAYER: PacketLayer = 'nic';

export const LAYER_NAMES: readonly string[] = Object.keys(PACKET_LAYERS);

/** Splits `FILTER [in LAYER]` and checks both. Throws `CommandError`, which knows what is wrong. */
export function parseCatch(text: string): CatchText {
  const found = /^(.*?)(?:^|\s)in\s+([A-Za-z0-9_]+)\s*$/s.exec(text);
  const filter = (found?.[1] ?? text).trimEnd();
  checkFilter(filter);
  if (found?.[2] === undefined) {
    return { filter, layer: DEFAULT_LAYER };
  }
  const layer = LAYER_NAMES.find((name) => name === found[2]);
  if (layer === undefined) {
    const start = text.trimEnd().length - found[2].length;
    throw new CommandError(`There is no layer "${found[2]}"; layers are ${LAYER_NAMES.join(', ')}.`, {
      start,
      end: start + found[2].length,
    });
  }
  return { filter, layer: layer as PacketLayer };
}

/** Throws the error of a filter as one of the command. */
function checkFilter(filter: string): void {
  try {
    compileFilter(filter);
  } catch (error) {
    throw error instanceof FilterError ? new CommandError(error.message, error.span) : error;
  }
}
