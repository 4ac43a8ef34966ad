/**
 * The way of each packet through the machine: which functions it passed, what changed, and what became of it. Found by
 * executing history again; an identity is told by what a packet says, so it survives queues, copies and headers.
 */
import { EDITS, type EngineApi, type Stop, type TracePoint } from '../../engine/api.ts';
import { Book, type BookOptions } from './book.ts';
import type { Journey } from './journey.ts';

/** Helpers that every packet passes many times, or that have a packet only in the making. */
const HELPERS = new RegExp(
  'constructor$|^tcp_respond|^m_|^ifs_|^if_dequeue$|^tcp_mss|^tcp_parse|^ip_stripoptions$|_header$|' +
    '^receive_filter$|^e1000x_',
);

/** What else is noted at a function. */
const DATA: Readonly<Record<string, string>> = {
  drop: 'reason',
  // Bytes that are new to the receiver, which takes them in order.
  tcp_queue_rcv: 'Math.max(0,skb.len-Math.max(0,(sk.rcv_nxt-skb.seq)|0))',
  sbappend: 'm.m_len',
};

// An address of IPv6 is a text of its bytes.
const [FOREIGN, LOCAL] = ['faddr', 'laddr'].map((a) => `so.so_${a}6?.join()??so.so_${a}`);
const SLIRP_OUT = `[${FOREIGN},so.so_fport,${LOCAL},so.so_lport,$ret]`;
const SLIRP_IN = `[${LOCAL},so.so_lport,${FOREIGN},so.so_fport,$ret]`;
const GUEST_OUT = '[sk.inet_saddr,sk.inet_num,sk.inet_daddr,sk.inet_dport,$ret]';
const GUEST_IN = '[sk.inet_daddr,sk.inet_dport,sk.inet_saddr,sk.inet_num,$ret]';

/** Both ends of streams: counts of bytes tell which, and so which packets, were written and read. */
const ENDS = [
  { name: 'soread', at: 'return', test: '$ret>0', data: SLIRP_OUT },
  { name: 'sowrite', at: 'return', test: '$ret>0', data: SLIRP_IN },
  { name: 'tcp_sendmsg', at: 0, data: '[]' },
  { name: 'tcp_sendmsg', at: 'return', test: '$ret>0', data: GUEST_OUT },
  { name: 'tcp_recvmsg', at: 'return', test: '$ret>0', data: GUEST_IN },
  { name: 'udp_recvmsg', at: 'return', test: '$ret>=0', data: '[sk.msg_addr,sk.msg_port,0,sk.inet_num,$ret]' },
  // The process that runs from here on: where it goes on, and where it begins.
  { name: 'schedule', at: -3, data: '[task.pid,task.argv[0]]' },
  { name: 'schedule', at: -1, data: '[task.pid,task.argv[0]]' },
] as const satisfies readonly TracePoint[];

/** What has been found out at a stop. */
const known = new WeakMap<Stop, readonly Journey[]>();

/**
 * All journeys up to the moment that is shown; of more packets than a book holds, the last ones, whose numbers count
 * all. Throws where history is off or the machine runs.
 */
export async function journeysSoFar(engine: EngineApi): Promise<readonly Journey[]> {
  const { stop } = engine;
  const all = (stop && known.get(stop)) ?? (await followed(engine));
  if (stop) {
    known.set(stop, all);
  }
  return all;
}

/** The same with what packets said in each function, of fewer packets. */
export function wholeJourneys(engine: EngineApi): Promise<readonly Journey[]> {
  return followed(engine, { keepsBytes: true });
}

async function followed(engine: EngineApi, options?: BookOptions): Promise<readonly Journey[]> {
  const fns = engine.info.functions.filter(
    (f) => f.packet && !f.nodebug && f.params.some((p) => p.name === f.packet?.name) && !HELPERS.test(f.name),
  );
  const points = fns.map(({ file, name }) => ({
    name: `${file}:${name}`,
    at: 0,
    packet: true,
    ...(name in DATA ? { data: DATA[name] ?? '' } : {}),
  }));
  const book = new Book(options);
  const layers = fns.map(layerOf);
  await engine.trace([...points, ...ENDS, EDITS], (note) => {
    const { place } = note;
    const fn = fns[place];
    const end = ENDS[place - fns.length];
    if (fn) {
      book.passes(fn.name, layers[place] ?? '', note);
    } else if (end) {
      book.moves(end.name, note);
    } else {
      book.edited(note);
    }
  });
  return book.all;
}

/** The layer of a function: by its folder, but for the guest's driver and what that calls with a frame of the ring. */
function layerOf({ file, name }: { readonly file: string; readonly name: string }): string {
  if (file.startsWith('hw/')) {
    return 'nic';
  }
  const driver = name === 'eth_type_trans' || (/e1000|trace_guest/.test(file) && file.startsWith('guest/'));
  return driver ? 'driver' : (file.split('/')[0] ?? '');
}
