/**
 * V8's inspector for the inferior's thread, from the main thread of the same process: no port, no child process. The
 * only file that knows V8's debugging protocol.
 */
import { EventEmitter, once } from 'node:events';
import inspector from 'node:inspector';
import type { Call } from '../inferior/call-stack.ts';
import type { LightAnswer, LightRequest } from '../inferior/light-stop.ts';

export interface V8Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

export interface V8CallFrame {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: V8Location;
  readonly url: string;
}

export interface V8Paused {
  readonly callFrames: readonly V8CallFrame[];
  readonly reason: string;
  readonly data?: { readonly className?: string; readonly description?: string };
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface EvaluateResult {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: {
    readonly text: string;
    readonly exception?: { readonly className?: string; readonly description?: string; readonly value?: unknown };
  };
}

/** An expression threw inside the inferior. */
export class EvaluationError extends Error {
  override name = 'EvaluationError';
}

type Attached = { sessionId: string; workerInfo: { workerId: string; title: string; url: string } };

/** The process's one inspector session; it hands each worker its channel. */
class Hub {
  readonly #session = new inspector.Session();
  readonly #channels = new Map<string, InspectorChannel>();
  readonly #waiting = new Map<string, (sessionId: string) => void>();
  readonly #unclaimed = new Map<string, string>();
  #enabled = false;

  constructor() {
    this.#session.connect();
    const on = (event: string, listener: (m: { params: never }) => void): void => {
      this.#session.on(event, listener as (m: object) => void);
    };
    on('NodeWorker.attachedToWorker', ({ params }: { params: Attached }) => {
      const id = params.workerInfo.title.replace(/^\[worker \d+\] /, '');
      const claim = this.#waiting.get(id);
      if (claim) {
        this.#waiting.delete(id);
        claim(params.sessionId);
      } else {
        this.#unclaimed.set(id, params.sessionId);
      }
    });
    on('NodeWorker.receivedMessageFromWorker', ({ params }: { params: { sessionId: string; message: string } }) => {
      // A quick worker's message can arrive inside `post`; whoever posted gets to listen first.
      queueMicrotask(() => this.#channels.get(params.sessionId)?.receive(JSON.parse(params.message) as Answer));
    });
    on('NodeWorker.detachedFromWorker', ({ params }: { params: { sessionId: string } }) => {
      this.#channels.get(params.sessionId)?.detached();
      this.#channels.delete(params.sessionId);
    });
  }

  async attach(id: string): Promise<InspectorChannel> {
    const found = this.#unclaimed.get(id);
    const sessionId = found ?? (await this.#attachment(id));
    this.#unclaimed.delete(id);
    const channel = new InspectorChannel((message) =>
      this.#session.post('NodeWorker.sendMessageToWorker', { sessionId, message }),
    );
    this.#channels.set(sessionId, channel);
    return channel;
  }

  #attachment(id: string): Promise<string> {
    const attached = new Promise<string>((resolve) => this.#waiting.set(id, resolve));
    if (!this.#enabled) {
      this.#enabled = true;
      this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    }
    return attached;
  }
}

let hub: Hub | undefined;

/** Attaches to the running worker that was created with `name` (its id in the inspector is not its thread id). */
export function attachInspector(name: string): Promise<InspectorChannel> {
  hub ??= new Hub();
  return hub.attach(name);
}

/** What ids of frames of a light stop begin with; their number among the stack's frames follows. */
const LIGHT_FRAME = 'light:';
/** What a frame of the stack is known by. */
const STACK = '/stack/debug/';

/** Who waits for an answer. */
interface Waiting {
  resolve(v: unknown): void;
  reject(e: Error): void;
}

/** What a thread that stands lightly has told. */
export interface LightStop {
  readonly calls: readonly Call[];
  readonly evaluates: boolean;
}

/** What a thread that stands lightly can be told. */
export interface LightThread {
  /** To go on, or to go into the inspector. */
  leave(goOn: boolean): void;
  /** To evaluate something: `receiveLight` gets the answer. */
  evaluate(request: LightRequest): void;
}

/** The inspector of one worker. Emits 'paused' and 'resumed'. */
export class InspectorChannel extends EventEmitter<{ paused: [V8Paused]; resumed: []; hardened: [] }> {
  readonly #transmit: (message: string) => void;
  readonly #answers = new Map<number, Waiting>();
  /** Of a thread that stands lightly. */
  readonly #lightAnswers = new Map<number, Waiting>();
  /** Node 20 leaves the URL out of call frames; it tells it once per script. */
  readonly #urls = new Map<string, string>();
  #lastId = 0;
  #gone = false;
  /** The thread, while it is in a light stop (see inferior/light-stop.ts). */
  #light: LightThread | undefined;
  #hardening: Promise<void> | undefined;
  /** The thread can evaluate in the innermost frame of the light stop. */
  #evaluatesHere = false;
  /** What the thread evaluates in a light stop. */
  readonly #evaluating = new Set<Promise<unknown>>();
  /** V8's ids of the frames that a light stop had. */
  #hardIds: readonly string[] = [];

  constructor(transmit: (message: string) => void) {
    super();
    this.#transmit = transmit;
  }

  receive(m: Answer): void {
    if (m.id !== undefined) {
      const waiting = this.#answers.get(m.id);
      this.#answers.delete(m.id);
      if (m.error) {
        waiting?.reject(new Error(m.error.message));
      } else {
        waiting?.resolve(m.result);
      }
    } else if (m.method === 'Debugger.scriptParsed') {
      const { scriptId, url } = m.params as { scriptId: string; url: string };
      // Each evaluation is a script too.
      if (url !== '') {
        this.#urls.set(scriptId, url);
      }
    } else if (m.method === 'Debugger.paused') {
      const paused = m.params as V8Paused;
      const callFrames = paused.callFrames.map((f) => ({
        ...f,
        url: f.url || (this.#urls.get(f.location.scriptId) ?? ''),
      }));
      if (this.#hardening) {
        this.#hardIds = callFrames.filter((f) => f.url.includes(STACK)).map((f) => f.callFrameId);
        this.emit('hardened');
      } else {
        this.emit('paused', { ...paused, callFrames });
      }
    } else if (m.method === 'Debugger.resumed') {
      this.emit('resumed');
    }
  }

  detached(): void {
    this.#gone = true;
    for (const { reject } of [...this.#answers.values(), ...this.#lightAnswers.values()]) {
      reject(new Error('the inferior has ended'));
    }
    this.#answers.clear();
    this.#lightAnswers.clear();
    this.emit('hardened');
  }

  /** The thread stands still, lightly. */
  standsLightly({ calls, evaluates }: LightStop, thread: LightThread): void {
    this.#light = thread;
    this.#evaluatesHere = evaluates;
    const callFrames = calls.map(({ url, line, name }, i) => ({
      callFrameId: `${LIGHT_FRAME}${i}`,
      functionName: name,
      location: { scriptId: '', lineNumber: line - 1 },
      url,
    }));
    this.emit('paused', { callFrames, reason: 'other' });
  }

  /** Makes a light stop one that V8 knows. */
  harden(): Promise<void> {
    if (this.#light) {
      this.#hardening ??= this.#harden(this.#light);
    }
    return this.#hardening ?? Promise.resolve();
  }

  async #harden(thread: LightThread): Promise<void> {
    await Promise.allSettled(this.#evaluating);
    const hardened = once(this, 'hardened');
    thread.leave(false);
    await hardened;
    this.#light = this.#hardening = undefined;
  }

  send(method: string, params: object = {}): Promise<unknown> {
    const thread = this.#light;
    if (!thread) {
      return this.#post(method, params);
    }
    const goesOn = method === 'Debugger.resume';
    if (this.#hardening || !(goesOn || method === 'Debugger.disable')) {
      return this.harden().then(() => this.#post(method, params));
    }
    if (this.#evaluating.size > 0) {
      return Promise.allSettled(this.#evaluating).then(() => this.send(method, params));
    }
    this.#light = undefined;
    const done = goesOn ? Promise.resolve() : this.#post(method, params);
    this.emit('resumed');
    thread.leave(true);
    return done;
  }

  #post(method: string, params: object): Promise<unknown> {
    if (this.#gone) {
      return Promise.reject(new Error('the inferior has ended'));
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#answers.set(id, { resolve, reject });
      this.#transmit(JSON.stringify({ id, method, params }));
    });
  }

  /**
   * Evaluates in a stopped frame, or globally. The value crosses as JSON. Throws `EvaluationError` if the expression
   * does.
   */
  async evaluate<T>(text: string, frameId?: string): Promise<T> {
    const inFrame = frameId === `${LIGHT_FRAME}0`;
    if (this.#light && !this.#hardening && (frameId === undefined || (this.#evaluatesHere && inFrame))) {
      return this.#evaluateLightly<T>(this.#light, text, inFrame);
    }
    if (!this.#light && !frameId?.startsWith(LIGHT_FRAME)) {
      return this.#evaluate(text, frameId);
    }
    await this.harden();
    const hard = frameId?.startsWith(LIGHT_FRAME) ? this.#hardIds[Number(frameId.slice(LIGHT_FRAME.length))] : frameId;
    return this.#evaluate(text, hard);
  }

  #evaluateLightly<T>(thread: LightThread, js: string, inFrame: boolean): Promise<T> {
    const id = ++this.#lastId;
    const evaluating = new Promise<T>((resolve, reject) => {
      this.#lightAnswers.set(id, { resolve: resolve as (v: unknown) => void, reject });
    });
    const done = evaluating.finally(() => this.#evaluating.delete(done));
    this.#evaluating.add(done);
    thread.evaluate({ id, js, inFrame });
    return done;
  }

  /** What a thread that stands lightly was to evaluate has come to this. */
  receiveLight({ id, json, error }: LightAnswer): void {
    const waiting = this.#lightAnswers.get(id);
    this.#lightAnswers.delete(id);
    if (error === undefined) {
      waiting?.resolve(json === undefined ? undefined : JSON.parse(json));
    } else {
      waiting?.reject(thrownError(error));
    }
  }

  async #evaluate<T>(expression: string, callFrameId: string | undefined): Promise<T> {
    const params = {
      expression,
      returnByValue: true,
      silent: true,
      ...(callFrameId === undefined ? {} : { callFrameId }),
    };
    const r = (await this.#post(
      callFrameId === undefined ? 'Runtime.evaluate' : 'Debugger.evaluateOnCallFrame',
      params,
    )) as EvaluateResult;
    if (r.exceptionDetails) {
      const thrown = r.exceptionDetails.exception;
      throw thrownError(thrown?.description ?? String(thrown?.value ?? r.exceptionDetails.text));
    }
    return r.result.value as T;
  }
}

/** What an evaluation threw, without its kind and its stack. */
function thrownError(description: string): EvaluationError {
  const [text = ''] = description.split('\n    at ');
  return new EvaluationError(text.replace(/^\w*Error: /, ''));
}
