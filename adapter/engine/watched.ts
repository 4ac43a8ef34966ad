/** What a query about writes follows: the place that an expression means at a stop. */
import { EngineError } from './api.ts';
import type { Image } from './image.ts';
import type { Watched } from './queries.ts';
import type { QueryRequest } from './query.ts';
import type { Moment } from './time-travel.ts';
import { carriedOrder, watchOrder } from './watch.ts';

/** The number of a watch that is no user's. */
const ASKED = 0;

/** Undefined for other queries. Throws `EngineError` for what cannot be followed. */
export async function watchedBy(
  image: Image,
  request: QueryRequest,
  { stopped, position }: Moment,
): Promise<Watched | undefined> {
  if (request.kind !== 'writes' && request.kind !== 'last-write') {
    return undefined;
  }
  const { watch, frame, kind } = request;
  const last = kind === 'last-write';
  if (watch.captures.length === 0) {
    const order = watchOrder(image, ASKED, watch, undefined);
    return { watch: { order, captured: {} }, at: position, last };
  }
  const order = carriedOrder(image, ASKED, watch, undefined);
  if (!order || !watch.place) {
    throw new EngineError(`"${watch.text}" is of this call only; watch it, or name a field, a register or memory.`);
  }
  return { watch: { order, captured: await stopped.carry(watch.place.captures, frame) }, at: position, last };
}
