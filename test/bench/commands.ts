/**
 * What the commands of the prompt cost: a hit that prints and goes on, by `dprintf` and by the commands of a
 * breakpoint; `bt`, all scopes and completion at a stop.
 */
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { capture } from '../kit/paths.ts';

/** It is hit some 600 times. */
const WHERE = 'pci_set_irq';
/** Where much is on the stack, with a packet. */
const DEEP = 'tcp_input';
const BODY = ['silent', 'printf "%d\\n", $bpnum'];
/** What `dprintf` prints in a round fits into the ring of outputs. */
const PRINTED = 10_000;
const ROUNDS = 20;

const round = (n: number): number => Number(n.toFixed(3));

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e3;
}

class Prompt {
  readonly gdb: GdbInterpreter;

  private constructor(engine: Engine) {
    this.gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      launch: { args: ['-nic', 'user,model=e1000'], traces: [capture('08-upload.pcap')] },
      write: () => undefined,
    });
  }

  static async create(hardStops = false): Promise<Prompt> {
    const engine = await Engine.create();
    engine.internals = { hardStops };
    return new Prompt(engine);
  }

  async lines(...all: string[]): Promise<void> {
    for (const one of all) {
      const { ok } = await this.gdb.execute(one);
      if (!ok) {
        throw new Error(`"${one}" failed`);
      }
    }
  }

  async dispose(): Promise<void> {
    this.gdb.dispose();
    await this.gdb.engine.dispose();
  }
}

/** Milliseconds of processor time, of all threads, from a hit to the next; `light` says how it stops. */
async function hit(setting: readonly string[], light: boolean): Promise<number> {
  const prompt = await Prompt.create(!light);
  const { engine } = prompt.gdb;
  // The first run is for V8, which compiles what the main thread does.
  for (let run = 0; ; run++) {
    await prompt.lines('delete', `break ${WHERE}`, 'run');
    await prompt.lines(...setting);
    const used = process.cpuUsage();
    await prompt.lines('continue');
    const took = milliseconds(process.cpuUsage(used));
    const hits = engine.breakpoints[0]?.hits ?? 0;
    if (run === 1) {
      await prompt.dispose();
      return took / hits;
    }
  }
}

/** Microseconds of a hit of a `dprintf`, at the probe. */
async function dprintf(): Promise<number> {
  const prompt = await Prompt.create();
  const { engine } = prompt.gdb;
  await prompt.lines(`tbreak ${DEEP}`, 'run', `dprintf ${DEEP},"%d bytes of %s\\n",m->m_len,"tcp"`);
  const { probe } = engine.breakpoints.at(-1)?.locations[0] ?? { probe: -1 };
  const js = `(()=>{const f=new Function('$D','n','m','for(let i=0;i<n;i++)$D[${probe}](m)');
    const t=performance.now();f(__pktgdb.D,${PRINTED},m);return (performance.now()-t)*1e3/${PRINTED};})()`;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const { value } = await engine.evaluate(js, 0);
    best = Math.min(best, Number(value));
  }
  await prompt.dispose();
  return best;
}

/** The shortest of some, in milliseconds: the machine is shared. */
async function time(act: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now();
    await act();
    best = Math.min(best, performance.now() - started);
  }
  return round(best);
}

/** All that a client shows of the scopes of a stack: the variables of each frame. */
async function scopes({ engine }: GdbInterpreter): Promise<void> {
  for (const { index } of await engine.frames()) {
    await engine.args(index);
    await engine.locals(index);
  }
}

async function atStop(): Promise<object> {
  const prompt = await Prompt.create();
  const { gdb } = prompt;
  await prompt.lines(`break ${DEEP}`, 'run');
  const complete = (text: string): Promise<number> => time(() => gdb.completions(text));
  const figures = {
    bt_ms: await time(() => prompt.lines('backtrace')),
    bt_full_ms: await time(() => prompt.lines('backtrace -full')),
    scopes_ms: await time(() => scopes(gdb)),
    completion_ms: {
      command: await complete(''),
      function: await complete('break '),
      expression: await complete('print '),
      field: await complete('print $pkt.'),
      member: await complete('print m->'),
    },
  };
  await prompt.dispose();
  return figures;
}

export async function measureCommands(): Promise<object> {
  const machine = await hit(['ignore $bpnum 1000000'], true);
  const commands = ['commands', ...BODY, 'continue', 'end'];
  return {
    dprintf_us: round(await dprintf()),
    commands_ms: round((await hit(commands, true)) - machine),
    commands_reported_ms: round(
      (await hit(
        commands.filter((line) => line !== 'silent'),
        true,
      )) - machine,
    ),
    commands_v8_ms: round((await hit(commands, false)) - machine),
    ...(await atStop()),
  };
}
