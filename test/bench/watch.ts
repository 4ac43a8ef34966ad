/**
 * What a watch costs: at a probe where nothing has changed, where a statement writes and the condition is false, and on
 * an expression of which nobody knows who writes it, at any probe.
 */
import { Image } from '../../adapter/engine/image.ts';
import { watchOrder } from '../../adapter/engine/watch.ts';
import { watchLocation } from '../../adapter/inspect/watch.ts';
import { Session } from '../core/session.ts';
import { capture } from '../kit/paths.ts';

const WHERE = 'e1000_rx_write';
const PASSES = 200_000;
/** The shortest of so many rounds counts. */
const ROUNDS = 50;

const WATCHED = { register: '$RDH', field: 's->rxbuf_size', expression: '$RDH + $RDT' } as const;

/** JavaScript that times `body`, which passes `probes` of them, in nanoseconds a probe. `i` counts. */
function timing(body: string, probes: number): string {
  const loop = `for(let i=0;i<hits;i++){${body}}`;
  return `(()=>{
    const run=new Function('$A','$D','hits','s',${JSON.stringify(loop)});
    let best=Infinity;
    for(let i=0;i<${ROUNDS};i++){
      const t=performance.now();
      run(__pktgdb.A,__pktgdb.D,${PASSES},s);
      best=Math.min(best,(performance.now()-t)*1e6/${PASSES * probes});
    }
    return best;
  })()`;
}

interface Cost {
  /** Nanoseconds at an armed probe. */
  readonly unchanged: number;
  /** Nanoseconds of a statement that writes a new value, with the probes before and after it. */
  readonly written: number;
  /** Probes that are armed. */
  readonly probes: number;
}

async function measure(image: Image, text: string, everywhere: boolean): Promise<Cost> {
  const s = await Session.create();
  s.break(WHERE, undefined, { temporary: true });
  await s.launch({ trace: capture('02-hello.pcap') });
  await s.stop();
  const known = await watchLocation(s.evaluator, text, 0, { access: 'write', location: true });
  const at = { ...known, places: everywhere ? null : known.places };
  const condition = s.evaluator.condition('$RDH == 123456789');
  const { id } = s.engine.setBreakpoint({ location: at, condition });
  const order = watchOrder(image, id, at, undefined);
  const [writer = 0, [next = 1] = []] = order.after.find(([, after]) => after.length > 0) ?? [];
  const probe = (p: number): string => `if($A[${p}]&&$D[${p}]())throw 1;`;
  const evaluate = async (js: string): Promise<number> => Number((await s.engine.evaluate(js, 0)).value);
  const unchanged = await evaluate(timing(probe(writer) + probe(next), 2));
  const write = text.startsWith('$') ? 's.mac_reg[0x2810>>2]=i;' : 's.rxbuf_size=i;';
  const written = await evaluate(timing(probe(writer) + write + probe(next), 1));
  const armed = new Set([...(order.writers ?? []), ...order.after.flatMap(([, after]) => after)]);
  await s.dispose();
  const round = (n: number): number => Number(n.toFixed(1));
  return {
    unchanged: round(unchanged),
    written: round(written),
    probes: everywhere ? image.info.probes.length : armed.size,
  };
}

/** Nanoseconds by what is watched. */
export async function measureWatch(): Promise<object> {
  const image = Image.load();
  return {
    register: await measure(image, WATCHED.register, false),
    field: await measure(image, WATCHED.field, false),
    expression: await measure(image, WATCHED.expression, false),
    expression_everywhere: await measure(image, WATCHED.expression, true),
  };
}
