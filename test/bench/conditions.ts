/**
 * What a breakpoint costs per hit while its condition is false: alone, among fifty others, and on the whole path. The
 * hits go through the compiled module's own probe with the functions that the engine writes; the locals are those of a
 * real packet.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakpointTable } from '../../adapter/engine/breakpoints.ts';
import { Image } from '../../adapter/engine/image.ts';
import { call } from '../../adapter/engine/link.ts';
import { Session } from '../core/session.ts';
import { capture } from '../kit/paths.ts';
import { type Deciders, measureArmed } from './path.ts';

/** Conditions that are never true, from nothing but a comparison to a field of the packet. */
const CONDITIONS = [
  'iovcnt == 99',
  'iov->iov_len == 1',
  '$pkt.tcp.dstport == 1',
  'size > 60 && s->mac_reg[RDH] == 99999',
];

const WHERE = 'e1000_receive_iov';
const HITS = 100_000;
/** The shortest of so many rounds counts: they are short, so that some of them have a core for themselves. */
const ROUNDS = 100;
/** Breakpoints armed at different probes in the second measurement. */
const MANY = 50;
/** Packets that the hits take in turn, so that V8 cannot move what a condition reads out of the loop. */
const PACKETS = 4;

const round = (n: number): number => Number(n.toFixed(1));

/** A probe as it stands in the compiled module. */
function probeText(image: Image, id: number): string {
  const p = image.probe(id);
  const file = p && join(image.dist.debugDir, image.fnOf(p).file.replace(/\.ts$/, '.js'));
  const [text] = file ? (new RegExp(`if\\(\\$A\\[${id}\\].*?;`).exec(readFileSync(file, 'utf8')) ?? []) : [];
  if (text === undefined) {
    throw new Error(`no probe ${id} in ${file}`);
  }
  return text;
}

/**
 * JavaScript that times `probes` with a frame's locals handed over as parameters, in nanoseconds a hit. `iov` is one of
 * several packets in turn.
 */
function timing(probes: readonly string[], locals: readonly string[]): string {
  const others = locals.filter((name) => name !== 'iov');
  const params = ['$A', '$D', '$R', 'hits', 'packets', ...others];
  const loop = `for(let i=0;i<hits;i++){const iov=packets[i&${PACKETS - 1}];${probes.join('')}}`;
  const packet = 'iov.map(v=>({iov_base:v.iov_base.slice(),iov_len:v.iov_len}))';
  const args = ['__pktgdb.A', '__pktgdb.D', '__pktgdb', 'n', 'packets', ...others];
  const n = Math.ceil(HITS / probes.length);
  return `(()=>{
    const run=new Function(${[...params, loop].map((s) => JSON.stringify(s)).join(',')});
    const packets=Array.from({length:${PACKETS}},()=>${packet});
    let best=Infinity;
    for(let i=0;i<${ROUNDS};i++){
      const n=${n},t=performance.now();
      run(${args.join(',')});
      best=Math.min(best,(performance.now()-t)*1e6/${n * probes.length});
    }
    return best;
  })()`;
}

/** What one condition costs: nanoseconds a hit of the probe alone and of fifty armed ones in turn; and its function. */
interface Cost {
  readonly alone: number;
  readonly many: number;
  readonly probe: number;
  readonly decider: string;
}

async function measure(image: Image, condition: string): Promise<Cost> {
  const s = await Session.create();
  const stop = s.break(WHERE, '$pkt.tcp.len > 0 && size > 0');
  s.break(WHERE, condition);
  await s.launch({ trace: capture('02-hello.pcap') });
  await s.stop();
  s.engine.updateBreakpoint(stop, { enabled: false });
  const probe = s.engine.breakpoints[1]?.locations[0]?.probe ?? -1;
  const locals = image.probe(probe)?.locals.map((l) => l.name) ?? [];
  const text = probeText(image, probe);
  const evaluate = async (js: string): Promise<number> => Number((await s.engine.evaluate(js, 0)).value);
  const alone = await evaluate(timing([text], locals));

  // The same function at other probes: each is compiled on its own, and all are hit in turn.
  const table = new BreakpointTable(image);
  table.add({ location: { kind: 'function', name: WHERE }, condition: s.evaluator.condition(condition) });
  const decider = table.decider(probe);
  const at = (code: string, id: number): string => code.replaceAll(`${probe}`, `${id}`);
  const ids = Array.from({ length: MANY }, (_, i) => i);
  const install = ids.map((id) => call('$R', 'setDecider', `${id}`, JSON.stringify(at(decider, id))));
  await evaluate(`(()=>{${install.join(';')};return 0})()`);
  const probes = ids.map((id) => at(text, id));
  const many = await evaluate(timing(probes, locals));
  await s.dispose();
  return { alone, many, probe, decider };
}

function say(bench: string, figures: object): void {
  process.stdout.write(`${JSON.stringify({ bench, ...figures })}\n`);
}

/**
 * Nanoseconds that an armed breakpoint costs per hit while its condition is false. What it costs with fifty armed, and
 * the whole path against the path with nothing armed, are lines of their own before.
 */
export async function measureConditions(): Promise<object> {
  const image = Image.load();
  const alone: Record<string, number> = {};
  const many: Record<string, number> = {};
  const deciders: Record<string, Deciders> = {};
  for (const condition of CONDITIONS) {
    const cost = await measure(image, condition);
    alone[condition] = round(cost.alone);
    many[condition] = round(cost.many);
    deciders[condition] = [[cost.probe, cost.decider]];
  }
  say('conditions-fifty-armed', { false_condition_ns_per_hit: many });
  say('conditions-path', { armed_to_unarmed: await measureArmed(deciders) });
  return { false_condition_ns_per_hit: alone };
}
