/**
 * From launch to disconnect.
 *
 * `initialized` follows the answer to `initialize`, so clients configure before, while or after they launch.
 * (Where a token is asked for, it follows the right token.)
 * The machine starts when both `launch` and `configurationDone` are there.
 * `launch` is answered with the outcome of the start, so that a bad option or a port in use is a failed launch.
 * But a client may wait for that answer before it sends `configurationDone`; it is answered after `GRACE_MS`.
 * A start that fails after the answer ends the session with output and `terminated`.
 */
import { Event, ExitedEvent, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { DEFAULT_ARGS } from '../commands/default-machine.ts';
import type { QemuSession } from '../qemu/session.ts';
import { checkReadable } from '../replay/open.ts';
import { type Arguments, isObject, RequestError } from './arguments.ts';
import { freeDefault } from './default-port.ts';
import { GuestQuestion } from './guest-question.ts';
import { type LaunchConfiguration, parseLaunch } from './launch-args.ts';
import { startPeers } from './peers.ts';
import { makeQemuNetwork, type QemuAttributes } from './qemu.ts';
import type { Family } from './request.ts';
import type { PacketSession } from './session.ts';

/** How long the answer to `launch` waits for `configurationDone`. */
const GRACE_MS = 500;

/** What is debugged: a machine, in a thread of this process. */
const PROCESS: DebugProtocol.ProcessEvent['body'] = { name: 'pktgdb', isLocalProcess: true, startMethod: 'launch' };

export const lifecycleRequests: Family = {
  launch: {
    handle: (session, args) => session.lifecycle.launch(args),
    after: (session, ok) => {
      session.releaseStops();
      if (!ok && (session.engine.state === 'none' || session.engine.state === 'exited')) {
        session.lifecycle.terminated();
      }
    },
    showErrors: true,
  },
  attach: {
    handle: (session, args) => session.lifecycle.attach(args),
    after: (session, ok) => {
      session.releaseStops();
      if (!ok) {
        session.lifecycle.terminated();
      }
    },
    showErrors: true,
  },
  configurationDone: {
    capabilities: { supportsConfigurationDoneRequest: true },
    handle: (session) => session.lifecycle.configurationDone(),
  },
  restart: {
    capabilities: { supportsRestartRequest: true },
    handle: (session, args) => session.lifecycle.restart(args),
    after: (session, ok) => {
      session.releaseStops();
      if (!ok && (session.engine.state === 'none' || session.engine.state === 'exited')) {
        session.lifecycle.terminated();
      }
    },
    showErrors: true,
  },
  terminate: {
    capabilities: { supportsTerminateRequest: true },
    handle: (session) => session.lifecycle.terminate(),
    after: (session) => session.lifecycle.terminated(),
  },
  disconnect: {
    handle: (session, args) => session.lifecycle.disconnect(args),
    after: (session) => void session.end(),
  },
};

/** Resolves with the promise, or when it has taken so long. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}

/** Throws `RequestError` if a capture that is to be replayed cannot be read. */
function checkTraces(trace: string | readonly string[] | undefined): void {
  for (const path of trace === undefined ? [] : [trace].flat()) {
    try {
      checkReadable(path);
    } catch (error) {
      throw new RequestError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

export class Lifecycle {
  readonly #session: PacketSession;
  /** The question that a capture may raise. */
  readonly guests: GuestQuestion;
  #configuration: LaunchConfiguration | undefined;
  #launching = false;
  #configured: () => void = () => {};
  readonly #configurationDone: Promise<void>;
  #initCommandsDone = false;
  /** The others are there already when this machine starts again. */
  #peersAsked = false;
  /** While a machine starts or is replaced: how the last one ended, which is reported only if the start succeeds. */
  #starting = false;
  #earlyExit: { readonly code: number; readonly message: string } | undefined;
  #terminated = false;
  #qemu: { readonly attributes: QemuAttributes; readonly network: QemuSession } | undefined;

  constructor(session: PacketSession) {
    this.#session = session;
    this.guests = new GuestQuestion(session);
    this.#configurationDone = new Promise((resolve) => {
      this.#configured = resolve;
    });
  }

  async launch(args: Arguments): Promise<void> {
    this.#requireOwn('launch');
    if (this.#launching) {
      throw new RequestError('launch: this session has been launched already; use restart.');
    }
    this.#launching = true;
    const configuration = parseLaunch(args);
    this.#configuration = configuration;
    const start = this.#configurationDone.then(() => this.#session.running(() => this.#start(configuration)));
    let answered = false;
    const grace = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GRACE_MS);
      void this.#configurationDone.then(() => clearTimeout(timer));
    }).then(() => {
      answered = true;
    });
    const settled = start.catch((error: unknown) => {
      if (!answered) {
        throw error;
      }
      this.#startFailed(error);
    });
    void settled.then(
      () => answered && this.#session.releaseStops(),
      () => undefined,
    );
    await Promise.race([settled, grace]);
  }

  /**
   * Takes part in the debugging of a machine that runs already. With `stopOnAttach` it is stopped, as by gdb's
   * `attach`; else it goes on until a breakpoint, as debuggers of VS Code have it.
   */
  async attach(args: Arguments): Promise<void> {
    const { attached, engine, repl } = this.#session;
    if (!attached) {
      throw new RequestError(
        'attach takes "pid", the process of a pktgdb-passt that runs. Request "launch" starts a machine.',
      );
    }
    const commands = args.optionalStrings('initCommands') ?? [];
    const stops = args.optionalBoolean('stopOnAttach') ?? false;
    this.#session.guestTerminal = args.optionalString('console') === 'integratedTerminal';
    repl.interpreter.args = attached.args;
    repl.interpreter.evaluator.filters.expectedLayer = 'slirp';
    await within(this.#configurationDone, GRACE_MS);
    await this.#session.running(async () => {
      const { owner: name, pid: systemProcessId } = attached;
      const body = { name, systemProcessId, isLocalProcess: true, startMethod: 'attach' } as const;
      this.#session.sendEvent(new Event('process', body));
      if (await this.#runInitCommands(commands)) {
        this.terminated();
      } else if (engine.stop) {
        this.#session.stands(engine.stop);
      } else if (stops) {
        await engine.interrupt();
      }
    });
  }

  /** A machine that was there before goes on, unless the client wants it to end. */
  async disconnect(args: Arguments): Promise<void> {
    if (this.#session.attached === undefined || args.optionalBoolean('terminateDebuggee') === true) {
      await this.terminate();
    } else {
      this.guests.answer(undefined);
      this.#session.repl.interrupt();
    }
  }

  configurationDone(): void {
    this.#configured();
  }

  /** Starts again, with the configuration that `args` of the request may bring or with the last one. */
  restart(args?: Arguments): Promise<void> {
    const restarted = this.#restarts.then(() => this.#restart(args));
    this.#restarts = restarted.catch(() => undefined);
    return restarted;
  }

  /** Those that are asked for at once start one after the other. */
  #restarts: Promise<void> = Promise.resolve();

  /** A machine that somebody else runs is not replaced: a guest is at it. */
  #requireOwn(what: string): void {
    const { attached } = this.#session;
    if (attached) {
      throw new RequestError(
        `${what}: the machine is one of ${attached.owner}, which starts it; disconnect leaves it.`,
      );
    }
  }

  async #restart(args: Arguments | undefined): Promise<void> {
    this.#requireOwn('restart');
    const brought = args !== undefined && isObject(args.raw['arguments']);
    const configuration = brought ? parseLaunch(args.object('arguments')) : this.#configuration;
    if (configuration === undefined) {
      throw new RequestError('restart: nothing has been launched yet.');
    }
    // What can be seen to be wrong leaves the old machine alone.
    checkTraces(configuration.options.trace);
    this.#starting = true;
    this.#session.repl.interrupt();
    const over = this.#terminated;
    await this.#session.running(async () => {
      await this.#session.engine.kill();
      this.#terminated = false;
      try {
        await this.#start(configuration);
      } catch (error) {
        this.#terminated = over; // a client is told once that a machine has ended
        throw error;
      }
      this.#configuration = configuration;
      this.#session.restarted();
    });
  }

  async terminate(): Promise<void> {
    this.guests.answer(undefined);
    this.#session.repl.interrupt();
    await this.#session.engine.kill();
  }

  /** The engine says that the machine is gone. */
  machineExited(code: number, message: string): void {
    if (this.#starting) {
      this.#earlyExit = { code, message };
      return;
    }
    if (this.#terminated) {
      return;
    }
    if (code !== 0 && message !== '') {
      this.#session.output('stderr', `${message}\n`);
    }
    this.#session.sendEvent(new ExitedEvent(code));
    this.terminated();
  }

  /** Tells the client, once, that debugging is over. */
  terminated(): void {
    if (!this.#terminated) {
      this.#terminated = true;
      this.#session.sendEvent(new TerminatedEvent());
    }
  }

  /** From here on nothing is reported. */
  silence(): void {
    this.#terminated = true;
  }

  /** The machine's options. Where nobody has chosen the forwarded port it is one that is free. */
  async #args({ args }: LaunchConfiguration['options']): Promise<readonly string[]> {
    if (args !== DEFAULT_ARGS) {
      return args;
    }
    const free = await freeDefault();
    if (free.said !== '') {
      this.#session.output('important', free.said);
    }
    return free.args;
  }

  /** The network of real guests, which a restart keeps. */
  async #network(attributes: QemuAttributes): Promise<QemuSession> {
    if (this.#qemu?.attributes !== attributes) {
      this.#qemu = { attributes, network: await makeQemuNetwork(this.#session, attributes) };
    }
    return this.#qemu.network;
  }

  async #start(configuration: LaunchConfiguration): Promise<void> {
    const { options, initCommands, noDebug, terminal, asksGuest } = configuration;
    const { engine } = this.#session;
    if (this.#terminated) {
      throw new RequestError('launch: the session was ended before the machine started.');
    }
    this.#starting = true;
    this.#earlyExit = undefined;
    this.#session.guestTerminal = terminal;
    try {
      const { interpreter } = this.#session.repl;
      const { state } = engine;
      const { qemu } = configuration;
      const network = qemu && (await this.#network(qemu));
      interpreter.evaluator.filters.expectedLayer = network ? 'slirp' : 'nic';
      interpreter.args = network?.args ?? (await this.#args(options));
      this.#session.breakpoints.replaying(typeof options.trace === 'string' ? options.trace : options.trace?.[0]);
      if (await this.#runInitCommands(initCommands)) {
        await engine.kill();
        this.terminated();
        return;
      }
      this.#session.breakpoints.noDebug = noDebug;
      if (noDebug) {
        for (const { id } of engine.breakpoints) {
          engine.updateBreakpoint(id, { enabled: false });
        }
      }
      // A script may have run the machine already, with `run`.
      if (engine.state === state) {
        this.#earlyExit = undefined;
        const choose = asksGuest ? this.guests.ask.bind(this.guests) : undefined;
        const replay = { ...options.replay, ...(choose === undefined ? {} : { choose }) };
        const guests = network ? { guests: network.guests() } : {};
        await engine.launch({ ...options, args: interpreter.args, replay, ...guests });
      }
    } finally {
      this.#session.progress.end();
      this.#starting = false;
    }
    this.#reportEarlyExit();
    this.#session.replayProgress.watch();
    this.#session.breakpoints.captureKnown();
    this.#session.sendEvent(new Event('process', PROCESS));
    if (!this.#peersAsked) {
      this.#peersAsked = true;
      startPeers(this.#session, configuration.peers);
    }
  }

  /** Runs a command that may replace the machine: an exit is reported if there is none afterwards. */
  async command<T>(action: () => Promise<T>): Promise<T> {
    this.#starting = true;
    this.#earlyExit = undefined;
    try {
      return await action();
    } finally {
      this.#session.progress.end();
      this.#starting = false;
      this.#reportEarlyExit();
    }
  }

  #reportEarlyExit(): void {
    const early = this.#earlyExit;
    this.#earlyExit = undefined;
    if (early !== undefined && this.#session.engine.state === 'exited') {
      this.machineExited(early.code, early.message);
    }
  }

  /**
   * Runs the gdb commands of the configuration once; breakpoints they set outlive a restart.
   * A script's output is shown as it comes. True if they end the session (`quit`).
   */
  async #runInitCommands(commands: readonly string[]): Promise<boolean> {
    if (this.#initCommandsDone) {
      return false;
    }
    this.#initCommandsDone = true;
    for (const command of commands) {
      const script = /^\s*source\b/.test(command);
      const { output, failed, quit } = await this.#session.repl.run(command, -1, { stream: script });
      if (failed) {
        const lines = output.trim().split('\n');
        // What the script printed before it failed has been shown.
        const from = lines.findLastIndex((line) => /: Error in sourced command file:$/.test(line));
        const why = from >= 0 ? lines.slice(from).join('\n') : `"${command}": ${lines.join('\n')}`;
        throw new RequestError(`launch: initCommands: ${why}`);
      }
      if (output !== '' && !script) {
        this.#session.output('stdout', output);
      }
      if (quit) {
        return true;
      }
    }
    return false;
  }

  #startFailed(error: unknown): void {
    this.#session.output('stderr', `${error instanceof Error ? error.message : String(error)}\n`);
    if (!this.#terminated) {
      this.#session.sendEvent(new ExitedEvent(1));
      this.terminated();
    }
  }
}
