/** What a client can refer to while the machine stands still: frames and variable containers. Replaced when it runs. */
import type { SourceLocation } from '../compiler/debug-info.ts';
import type { EngineApi, Frame, WatchLocation } from '../engine/api.ts';
import { RequestError } from './arguments.ts';
import type { Container } from './containers.ts';

/**
 * Ids are never used twice in a process.
 * A reference from an earlier stop is noticed that way, and not taken for another.
 */
let nextFrameId = 1;
let nextReference = 1;

export class StopState {
  readonly #engine: EngineApi;
  readonly #containers = new Map<number, Container>();
  readonly #watched = new Map<string, WatchLocation>();
  /** Places in the source, by their references; the same place has the same one. */
  readonly #places = new Map<number, SourceLocation>();
  readonly #placeReferences = new Map<string, number>();
  /** Functions that one can step into, by their numbers. */
  readonly #targets: string[] = [];
  /** What arrays of bytes are called in the frame that showed them, by their handles. */
  readonly #bytes = new Map<string, { readonly path: string; readonly frame: number }>();
  #frames: Promise<{ readonly base: number; readonly frames: readonly Frame[] }> | undefined;

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  /** The call stack, fetched once a stop; `base` is the DAP id of the innermost frame. */
  stack(): Promise<{ readonly base: number; readonly frames: readonly Frame[] }> {
    if (this.#engine.state !== 'stopped') {
      const state = stateName(this.#engine.state);
      return Promise.reject(new RequestError(`The machine is not stopped (it is ${state}).`, 'notStopped'));
    }
    this.#frames ??= this.#engine.frames().then((frames) => {
      const base = nextFrameId;
      nextFrameId += frames.length;
      return { base, frames };
    });
    return this.#frames;
  }

  /** The engine's index of a DAP frame id. Throws for one of an earlier stop. */
  async frameIndex(id: number): Promise<number> {
    const { base, frames } = await this.stack();
    const index = id - base;
    if (!Number.isInteger(index) || index < 0 || index >= frames.length) {
      throw new RequestError(`There is no frame ${id}: the machine has run since, or it never was.`);
    }
    return index;
  }

  /** Gives a container its `variablesReference`. */
  reference(container: Container | undefined): number {
    if (container === undefined) {
      return 0;
    }
    const id = nextReference++;
    this.#containers.set(id, container);
    return id;
  }

  /** Gives something to watch its id. */
  keep(location: WatchLocation): string {
    const id = `place:${nextReference++}:${location.text}`;
    this.#watched.set(id, location);
    return id;
  }

  kept(id: string): WatchLocation | undefined {
    return this.#watched.get(id);
  }

  /** Gives a place in the source its reference. */
  placeReference(place: SourceLocation): number {
    const key = `${place.line}:${place.column} ${place.file}`;
    const before = this.#placeReferences.get(key);
    if (before !== undefined) {
      return before;
    }
    const reference = nextReference++;
    this.#places.set(reference, place);
    this.#placeReferences.set(key, reference);
    return reference;
  }

  place(reference: number): SourceLocation | undefined {
    return this.#places.get(reference);
  }

  /** Gives a function that one can step into its number. */
  target(name: string): number {
    return this.#targets.push(name);
  }

  targetName(id: number): string | undefined {
    return this.#targets[id - 1];
  }

  /** Notes what an array of bytes is called, so that it can be written to. */
  named(handle: string, path: string, frame: number): void {
    this.#bytes.set(handle, { path, frame });
  }

  nameOf(handle: string): { readonly path: string; readonly frame: number } | undefined {
    return this.#bytes.get(handle);
  }

  container(reference: number): Container {
    const container = this.#containers.get(reference);
    if (container === undefined) {
      throw new RequestError(`There are no variables ${reference}: the machine has run since, or they never were.`);
    }
    return container;
  }
}

/** How a state of the inferior is called in messages. */
export function stateName(state: EngineApi['state']): string {
  return state === 'none' ? 'not started' : state;
}
