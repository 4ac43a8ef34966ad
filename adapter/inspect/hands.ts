/** Packets in the debugger's hands: how each function lets go of one. */
import { type EngineApi, EngineError, type Frame, type InjectEdge, type PacketBytes } from '../engine/api.ts';
import { editField, fieldName, patchesBetween, shownValue } from '../packets/edit.ts';
import { FIELDS } from '../packets/fields.ts';
import { parseNumber } from '../packets/format.ts';
import { TextError } from '../packets/span.ts';
import { packetBytesOf, packetView } from './packets.ts';

/** What a function returns that has given its packet up; JavaScript over its parameters. */
const TAKEN: Readonly<Record<string, string>> = {
  e1000_receive_iov: '$G.iov_size(iov,iovcnt)',
  e1000_send_packet: 'undefined',
  qemu_deliver_packet_iov: '$G.iov_size(iov,iovcnt)',
  qemu_send_packet: 'size',
  qemu_send_packet_async: 'size',
  qemu_send_packet_async_with_flags: 'size',
  qemu_sendv_packet: '$G.iov_size(iov,iovcnt)',
  qemu_sendv_packet_async: '$G.iov_size(iov,iovcnt)',
  net_hub_receive_iov: '$G.iov_size(iov,iovcnt)',
  net_hub_port_receive_iov: '$G.iov_size(iov,iovcnt)',
  net_slirp_receive: 'size',
  slirp_output: 'undefined',
  slirp_input: 'undefined',
  arp_input: 'undefined',
};

/** Functions that own the packet they are given: how it is given back, and by which parameter. */
const OWNERS: Readonly<Record<string, string>> = {
  ip_input: '$G.m_free(m)',
  ip6_input: '$G.m_free(m)',
  tcp_input: '$G.m_free(m)',
  udp_input: '$G.m_free(m)',
  udp6_input: '$G.m_free(m)',
  icmp_input: '$G.m_free(m)',
  icmp6_input: '$G.m_free(m)',
  ip_output: '$G.m_free(m0)',
  if_output: '$G.m_free(ifm)',
  netif_receive_skb: '$G.kfree_skb(skb)',
  ip_rcv: '$G.kfree_skb(skb)',
  ip_rcv_finish: '$G.kfree_skb(skb)',
  ip_local_deliver: '$G.kfree_skb(skb)',
  ip_local_deliver_finish: '$G.kfree_skb(skb)',
  tcp_v4_rcv: '$G.kfree_skb(skb)',
  udp_rcv: '$G.kfree_skb(skb)',
  icmp_rcv: '$G.kfree_skb(skb)',
  ip_queue_xmit: '$G.kfree_skb(skb)',
  ip_local_out: '$G.kfree_skb(skb)',
  dev_queue_xmit: '$G.kfree_skb(skb)',
};

/** Where a packet that is held back at a function goes on. */
const EDGES: Readonly<Record<string, InjectEdge>> = {
  slirp_input: 'slirp',
  slirp_output: 'nic',
  e1000_receive_iov: 'nic',
  e1000_send_packet: 'net',
};

/** Leaves the innermost function as it would if it gave its packet up. Resolves to the packet. */
export async function dropHere(engine: EngineApi): Promise<PacketBytes> {
  const { frame, packet } = await atPacket(engine);
  const drop = engine.info.functions.find((fn) => fn.name === 'drop');
  // As if the function had run: searches leave out what has nothing that they look for.
  const entered = drop ? `$R.E[${drop.id}]=1` : '0';
  const noted = `${entered},$R.notes.dropped(${frame.probe},${drop?.probes[0] ?? -1},${placeOf(frame)})`;
  await engine.returnFrom(`(${noted},${leaving(frame, "$G.count_drop('DEBUGGER')")})`);
  LET_GO.add(frame);
  return packet;
}

/** Leaves the innermost function, and puts the packet in again at the same edge `ns` later. */
export async function delayHere(engine: EngineApi, ns: number): Promise<PacketBytes> {
  const { frame, packet } = await atPacket(engine);
  const edge = EDGES[frame.fn.name];
  if (edge === undefined) {
    throw new EngineError(`A packet can be held back in ${Object.keys(EDGES).join(', ')}; this is ${frame.fn.name}.`);
  }
  const iov = frame.fn.packet?.kind === 'iov';
  const [buf, size] = iov ? ['iov[0].iov_base', 'iov[0].iov_len'] : ['buf', 'size'];
  await engine.returnFrom(leaving(frame, `$G.net_hold(${JSON.stringify(edge)},${buf},${size},${ns})`));
  LET_GO.add(frame);
  return packet;
}

/** Frames of a stop whose packet is out of hand, and waits for the machine to go on. */
const LET_GO = new WeakSet<Frame>();

async function atPacket(engine: EngineApi): Promise<{ readonly frame: Frame; readonly packet: PacketBytes }> {
  const [frame] = await engine.frames();
  if (!frame) {
    throw new EngineError('No stack.');
  }
  if (LET_GO.has(frame)) {
    throw new EngineError('The packet here has been dropped or held back already; "continue" goes on.');
  }
  return { frame, packet: await packetBytesOf(engine, frame) };
}

/** JavaScript of the frame's packet, as the runtime finds it: kind, local, length, link. */
function placeOf({ fn: { name, packet } }: Frame): string {
  if (!packet) {
    throw new EngineError(`${name} handles no packet; "up" and "down" lead to a function that does.`);
  }
  const link = packet.link === 'ethernet' || packet.link === 'ip' ? JSON.stringify(packet.link) : packet.link;
  return `${JSON.stringify(packet.kind)},${packet.name},${packet.extra || 'undefined'},${link}`;
}

/** JavaScript of what the function returns, behind `act`. */
function leaving({ fn, probe }: Frame, act: string): string {
  const taken = TAKEN[fn.name];
  if (taken !== undefined) {
    return `$R.aside(()=>(${act},${taken}))`;
  }
  const free = OWNERS[fn.name];
  if (free === undefined) {
    const known = [...Object.keys(TAKEN), ...Object.keys(OWNERS)].join(', ');
    throw new EngineError(`${fn.name} cannot be left without its packet; these can: ${known}.`);
  }
  if (probe !== fn.probes[0]) {
    throw new EngineError(`${fn.name} has begun with the packet: it can be dropped at the function's first statement.`);
  }
  return `$R.aside(()=>(${act},${free},undefined))`;
}

/** A field of a frame's packet gets another value; resolves to what it was and is. */
export async function editPacket(
  engine: EngineApi,
  frame: Frame,
  change: { readonly target: string; readonly value: string; readonly raw: boolean },
): Promise<{ readonly name: string; readonly before: string; readonly after: string }> {
  const packet = await packetBytesOf(engine, frame);
  const { bytes, linktype } = packet;
  const name = fieldName(change.target);
  const origin = originOf(packet, name);
  const number = parseNumber(change.value);
  const value = origin === 0 || number === undefined ? change.value : String((number + origin) >>> 0);
  const edited = said(() => editField(bytes, linktype, name, value, change.raw));
  const patches = patchesBetween(bytes, edited);
  const [before = '', after = ''] = [bytes, edited].map((all) => {
    const shown = shownValue(all, linktype, name);
    return origin === 0 ? shown : String((Number(shown) - origin) >>> 0);
  });
  if (patches.length > 0) {
    const place = placeOf(frame);
    const what = JSON.stringify(`${name}: ${before} -> ${after}`);
    const act = `()=>$R.patchPacket(${place},${JSON.stringify(patches)})`;
    await engine.effect(`$R.notes.edited(${frame.probe},${act},${what},${place})`, frame.index);
  }
  return { name, before, after };
}

/** Numbers that a replay shows from where their direction of the connection begins. */
const RELATIVE: ReadonlySet<string> = new Set(['tcp.seq', 'tcp.ack']);

/** What the packet has of such a number where 0 is shown, as `print` shows it; 0 where it shows the number itself. */
function originOf(packet: PacketBytes, name: string): number {
  const view = packetView(packet);
  const [shown, raw] = [name, `${name}_raw`].map((field) => Number(FIELDS[field]?.get(view) ?? 0));
  return RELATIVE.has(name) ? ((raw ?? 0) - (shown ?? 0)) >>> 0 : 0;
}

/** Mistakes in the names and values of fields, as errors for the user. */
export function said<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TextError ? new EngineError(error.message) : error;
  }
}
