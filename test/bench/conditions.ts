/**
 * What a breakpoint costs per hit while its condition is false: alone, among fifty others, and on the whole path. The hits go through
 * the compiled module's own probe with the functions that the engine writes; the locals are those of a real packet.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BreakpointTable } from '../../adapter/engine/breakpoints.ts';
import { Image } from '../../adapter/engine/image.ts';
import { capture, Session } from '../core/session.ts';

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
 * JavaScript that times `probes` with a frame's locals handed over as parameters, in nanoseconds a hit. `iov` is one of several
 * packets in turn.
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

/** Nanoseconds a hit of one condition: of the probe alone, and of fifty armed ones in turn. */
async function measure(image: Image, condition: string): Promise<{ alone: number; many: number }> {
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

  // The same function again at probes that this packet has passed: each is compiled on its own, and all are hit in turn.
  const table = new BreakpointTable(image);
  table.add({ location: { kind: 'function', name: WHERE }, condition: s.evaluator.condition(condition) });
  const decider = table.decider(probe);
  const ids = Array.from({ length: MANY }, (_, i) => i);
  const source = (id: number): string => JSON.stringify(decider.replaceAll(`${probe}`, `${id}`));
  await evaluate(`(()=>{${ids.map((id) => `$R.setDecider(${id},${source(id)});`).join('')}return 0})()`);
  const probes = ids.map((id) => text.replaceAll(`${probe}`, `${id}`));
  const many = await evaluate(timing(probes, locals));
  await s.dispose();
  return { alone, many };
}

/** Nanoseconds that an armed breakpoint costs per hit while its condition is false. */
export async function measureConditions(): Promise<object> {
  const image = Image.load();
  const alone: Record<string, number> = {};
  const many: Record<string, number> = {};
  for (const condition of CONDITIONS) {
    const ns = await measure(image, condition);
    alone[condition] = round(ns.alone);
    many[condition] = round(ns.many);
  }
  process.stdout.write(`${JSON.stringify({ bench: 'conditions-fifty-armed', false_condition_ns_per_hit: many })}\n`);
  return { false_condition_ns_per_hit: alone };
}
