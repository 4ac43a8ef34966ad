/** Watchpoints: which probes a watched expression needs, from the debug info, and what the runtime is told. */
import type { Access, FunctionInfo, ProbeInfo } from '../compiler/debug-info.ts';
import type { ProbeCode, WatchOrder } from '../inferior/watches.ts';
import type { WatchLocation, WatchPlace } from './api.ts';
import type { Image } from './image.ts';

/** Fields that hold guest RAM, as bytes or words. */
const RAM_FIELDS: ReadonlySet<string> = new Set(['ram', 'ram32', 'ram_words', 'ram_view', 'head']);
const RAM_TYPES = /^(?:Uint8Array|Uint32Array|Int32Array|DataView|)$/;

/** What the runtime is told of a watchpoint. `condition` is JavaScript over the captured names. */
export function watchOrder(image: Image, id: number, at: WatchLocation, condition: string | undefined): WatchOrder {
  const fn = at.frame === null ? undefined : image.info.functions[at.frame.fn];
  const writers = at.places && statements(image, at.places, fn, 'writes');
  const readers = at.access === 'write' || !at.places ? [] : statements(image, at.places.slice(0, 1), fn, 'reads');
  const touching = at.access === 'access' && at.places ? statements(image, at.places.slice(0, 1), fn, 'writes') : [];
  const touched = touches(image, at, fn, [...new Set([...readers, ...touching])]);
  const looking = touched.map(({ probe }) => probe);
  const after = [...new Set([...(writers ?? []), ...looking])].flatMap((p) => {
    const next = image.probe(p)?.after;
    return next ? [[p, next] as const] : [];
  });
  return {
    id,
    access: at.access,
    js: at.js,
    condition: condition ?? null,
    target: at.target ?? null,
    names: at.captures.map(([name]) => name),
    file: at.file,
    contents: at.contents,
    writers,
    after,
    code: [...touched, ...(fn ? captured(image, at, fn) : [])],
    frame: fn && at.frame?.scoped ? frameProbes(image, fn) : null,
  };
}

/** The same for the place that a watch means, in executions where it has to be found again; null: it means none. */
export function carriedOrder(
  image: Image,
  id: number,
  at: WatchLocation,
  condition: string | undefined,
): WatchOrder | null {
  const { place, places } = at;
  const [own] = places ?? [];
  if (!place || !own) {
    return null;
  }
  const order = watchOrder(image, id, { ...at, ...place, places: [own], frame: null }, condition);
  const fn = undefined;
  return { ...order, code: [...order.code, ...sightings(image, own, statements(image, [own], fn, 'writes'))] };
}

/** At statements that may write a place: which struct or array they are about. */
function sightings(image: Image, place: WatchPlace, writers: readonly number[]): ProbeCode[] {
  return writers.flatMap((id) => {
    const p = image.probe(id) as ProbeInfo;
    const objects = (p.writes ?? []).flatMap((i) => {
      const a = image.info.accesses[i];
      return a?.object !== undefined && means(image, place, a) ? [a.object] : [];
    });
    const body = [...new Set(objects)].map((o) => `$w.see(${o.replaceAll(/\bthis\b/g, '$this')},${id});`).join('');
    return body === '' ? [] : [{ probe: id, names: namesAt(p), body }];
  });
}

function frameProbes(image: Image, fn: FunctionInfo): WatchOrder['frame'] {
  const exits = fn.probes.filter((p) => image.probe(p)?.kind !== 'statement');
  return { entry: fn.probes[0] ?? -1, exits };
}

/** Statements that write, or read, one of some places. */
function statements(
  image: Image,
  places: readonly WatchPlace[],
  fn: FunctionInfo | undefined,
  which: 'writes' | 'reads',
): number[] {
  const { accesses, probes } = image.info;
  const meant = accesses.map((a) => places.some((p) => means(image, p, a)));
  const local = (a: Access): boolean => a.kind === 'local';
  return probes.flatMap((p) => {
    const does = p[which]?.some((i) => {
      const a = accesses[i];
      return a && meant[i] && (!local(a) || (fn !== undefined && isInside(image.fnOf(p), fn)));
    });
    return does ? [p.id] : [];
  });
}

function isInside(inner: FunctionInfo, fn: FunctionInfo): boolean {
  return inner.file === fn.file && inner.line >= fn.line && inner.endLine <= fn.endLine;
}

/** True if an access may be one of a place. */
function means(image: Image, place: WatchPlace, a: Access): boolean {
  if (place.kind === 'memory') {
    return a.kind === 'element' && RAM_TYPES.test(a.type) && (a.name === '' || RAM_FIELDS.has(a.name));
  }
  if (a.kind !== place.kind) {
    return false;
  }
  if (a.kind === 'local') {
    return a.name === place.name;
  }
  if (a.kind === 'field') {
    return a.name === place.name && (sameType(a.type, place.type) || !image.isClass(a.type));
  }
  const index = place.kind === 'element' ? place.index : undefined;
  const sameHolder = a.name === place.name || a.name === '' || place.name === '';
  const sameIndex = a.index === undefined || index === undefined || a.index === index;
  return sameHolder && sameIndex && sameType(a.type, place.type);
}

function sameType(a: string, b: string): boolean {
  return a === '' || b === '' || a === b;
}

/** At statements that may read it: whether it is this one that they mean. */
function touches(
  image: Image,
  at: WatchLocation,
  fn: FunctionInfo | undefined,
  looking: readonly number[],
): ProbeCode[] {
  const [place] = at.places ?? [];
  if (!place) {
    return [];
  }
  return looking.flatMap((id) => {
    const p = image.probe(id) as ProbeInfo;
    const all = [...(p.reads ?? []), ...(at.access === 'access' ? (p.writes ?? []) : [])];
    const tests = all.flatMap((i) => {
      const a = image.info.accesses[i];
      return a && means(image, place, a) ? [touchTest(at, fn, a)] : [];
    });
    const possible = tests.filter((test) => test !== 'false');
    const body = `if(${possible.join('||').replaceAll(/\bthis\b/g, '$this')})$w.touched=${id};`;
    return possible.length === 0 ? [] : [{ probe: id, names: namesAt(p), body }];
  });
}

/** JavaScript that says whether an access is one of the watched place. */
function touchTest(at: WatchLocation, fn: FunctionInfo | undefined, a: Access): string {
  if (a.kind === 'local') {
    return fn ? '$w.inside===0' : 'true';
  }
  const { target, places } = at;
  const [place] = places ?? [];
  if (place?.kind === 'memory') {
    const where = a.at ?? a.index;
    return a.object === undefined || where === undefined
      ? 'false'
      : `$w.overlaps(${a.object},${where},${a.length ?? 1},${place.address},${place.bytes})`;
  }
  if (!target || a.object === undefined) {
    // Which object it is cannot be said here: any of that name, but not any array.
    return String(a.kind === 'field' || (a.name !== '' && a.index !== undefined));
  }
  const index = a.kind === 'element' ? (a.at ?? a.index) : undefined;
  const same = a.length === undefined ? `(${index})===$w.index()` : `$w.isAmong(${index},${a.length})`;
  const sameIndex = index === undefined || target.index === undefined ? '' : `&&${same}`;
  return a.kind === 'element' && index === undefined && target.index !== undefined
    ? 'false'
    : `((${a.object})===$w.object()${sameIndex})`;
}

/** Follows the locals of the frame that a watch lives in: it is told of them after each statement that writes one. */
function captured(image: Image, at: WatchLocation, fn: FunctionInfo): ProbeCode[] {
  const own = at.captures.filter(([name, js]) => name === js && name !== 'this');
  if (!at.frame?.scoped || own.length === 0) {
    return [];
  }
  const writers = statements(
    image,
    own.map(([name]) => ({ kind: 'local', name, type: '' })),
    fn,
    'writes',
  );
  const probes = [...new Set(writers.flatMap((w) => image.probe(w)?.after ?? []))];
  return probes.flatMap((id) => {
    const p = image.probe(id);
    const there = own.filter(([name]) => p?.locals.some((l) => l.name === name));
    const body = there.map(([name]) => `$w.locals.${name}=${name};`).join('');
    return p && body !== '' ? [{ probe: id, names: namesAt(p), body: `if($w.inside===0){${body}}` }] : [];
  });
}

function namesAt(p: ProbeInfo): string[] {
  return [...(p.kind === 'return' ? ['$ret'] : []), ...p.locals.map((l) => l.name)];
}
