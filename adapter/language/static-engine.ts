/**
 * The engine without a machine: symbols, and breakpoints that are bound but never hit. Scripts are checked against it.
 */
import { EventEmitter } from 'node:events';
import { type Breakpoint, type BreakpointSpec, type EngineApi, EngineError, type SymbolScope } from '../engine/api.ts';
import { BreakpointTable } from '../engine/breakpoints.ts';
import { evaluateStatic } from '../engine/evaluate-static.ts';
import { Image } from '../engine/image.ts';

const NOT_RUNNING = 'The program is not being run.';

/** What needs a machine. */
function refuse(): never {
  throw new EngineError(NOT_RUNNING);
}
const refuseLater = async (): Promise<never> => refuse();

export class StaticEngine extends EventEmitter implements EngineApi {
  readonly image: Image;
  readonly state = 'none';
  readonly stop = undefined;
  readonly guests = undefined;
  readonly breakpoints: readonly Breakpoint[] = [];
  readonly shared: ReadonlyMap<string, ArrayBufferLike> = new Map();
  readonly memory = { read: () => new Uint8Array(0), write: async () => 0, regions: [] };
  readonly launch = refuseLater;
  readonly resume = refuseLater;
  readonly interrupt = refuseLater;
  readonly step = refuseLater;
  readonly runTo = refuseLater;
  readonly reverse = refuseLater;
  readonly goTo = refuseLater;
  readonly trace = refuseLater;
  readonly returnFrom = refuseLater;
  readonly effect = refuseLater;
  readonly inject = refuse;
  readonly setLink = refuse;
  readonly goToPassed = refuseLater;
  readonly query = refuseLater;
  readonly history = undefined;
  readonly endWhatIf = refuseLater;
  readonly compareWhatIf = refuseLater;
  askWhatIf: undefined;
  readonly saveRecording = refuseLater;
  readonly savedMarks = undefined;
  readonly timeline = undefined;
  readonly frames = refuseLater;
  readonly args = refuseLater;
  readonly locals = refuseLater;
  readonly children = refuseLater;
  readonly readBytes = refuseLater;
  readonly assign = refuseLater;
  readonly monitor = refuseLater;
  readonly position = refuseLater;
  readonly divergences = refuseLater;
  readonly divergentFrame = refuseLater;
  readonly replay = undefined;
  readonly guestInput = refuse;
  readonly writeShared = refuse;
  readonly updateBreakpoint = refuse;

  constructor(image: Image = Image.load()) {
    super();
    this.image = image;
  }

  get info() {
    return this.image.info;
  }

  get sourceRoot(): string {
    return this.image.dist.sourceRoot;
  }

  /** Binds a breakpoint, which tells whether it is right, and forgets it. */
  setBreakpoint(spec: BreakpointSpec): Breakpoint {
    return new BreakpointTable(this.image).add(spec);
  }

  deleteBreakpoint(): boolean {
    return false;
  }

  scope(): SymbolScope {
    return this.image.scopeAt(undefined, []);
  }

  evaluate = async (js: string) => evaluateStatic(js, this.image.info);

  packet = async (): Promise<undefined> => undefined;

  capturedPacket(): undefined {}

  async kill(): Promise<void> {}

  async dispose(): Promise<void> {}
}
