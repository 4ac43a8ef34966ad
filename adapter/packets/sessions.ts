/**
 * What protocols above TCP and UDP remember of a conversation: which protocol it speaks, and what each of them keeps
 * for itself. Packets are given in order, as Wireshark reads a capture once.
 */
import type { Layer } from './layer.ts';
import { BoundedMap } from './memory.ts';
import type { PacketView } from './packet-view.ts';
import type { Protocol } from './protocol.ts';
import { tcpNote } from './tcp/note.ts';

/** Two endpoints that talk over TCP or UDP. */
export class Session {
  /** What is spoken, if its messages or another conversation told. */
  protocol: Protocol | undefined;
  /** Which way the first packet went: whether its sender's endpoint compares lower. */
  readonly firstFromLower: boolean;
  readonly memories = new Map<Memory<unknown>, unknown>();
  constructor(firstFromLower: boolean) {
    this.firstFromLower = firstFromLower;
  }
}

interface Expected {
  readonly protocol: Protocol;
  readonly tell: ((session: Session) => void) | undefined;
}

/** The conversations of a capture. */
export class Sessions {
  readonly #sessions = new BoundedMap<string, Session>();
  /** Protocols that conversations to come will speak, by one of their endpoints. */
  readonly #expected = new BoundedMap<string, Expected>();

  /** The conversation of a transport layer. */
  of(p: PacketView, transport: Layer): Session {
    const { key, fromLower } = keyOf(p, transport);
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = new Session(fromLower);
      this.#sessions.set(key, session);
    }
    return session;
  }

  /** What is known to be spoken over a transport layer. */
  spokenOver(p: PacketView, transport: Layer): Protocol | undefined {
    const session = this.of(p, transport);
    if (session.protocol === undefined) {
      const found = this.#expectedOf(p, transport);
      session.protocol = found?.protocol;
      found?.tell?.(session);
    }
    return session.protocol;
  }

  /** Whether another conversation told that this one would come. */
  isExpected(p: PacketView, transport: Layer): boolean {
    return this.#expectedOf(p, transport) !== undefined;
  }

  #expectedOf(p: PacketView, transport: Layer): Expected | undefined {
    if (this.#expected.size === 0) {
      return undefined;
    }
    const { name } = transport.protocol;
    const ends = endpointsOf(p, transport);
    return ends.map((end) => this.#expected.get(`${name} ${end}`)).find((x) => x !== undefined);
  }

  /**
   * Says what the conversations of an endpoint, `address:port`, will speak over a transport protocol; `tell` gives each
   * of them what it has to know.
   */
  expect(transport: string, endpoint: string, protocol: Protocol, tell?: Expected['tell']): void {
    this.#expected.set(`${transport} ${endpoint}`, { protocol, tell });
  }
}

/** Something that a protocol keeps for each conversation. */
export class Memory<T> {
  readonly #make: () => T;
  constructor(make: () => T) {
    this.#make = make;
  }

  /** What is kept for the conversation of a layer above TCP or UDP; undefined if nobody remembers. */
  of(p: PacketView, l: Layer): T | undefined {
    const transport = transportOf(l);
    if (p.sessions === null || transport === null) {
      return undefined;
    }
    const { memories } = p.sessions.of(p, transport);
    let kept = memories.get(this) as T | undefined;
    if (kept === undefined) {
      kept = this.#make();
      memories.set(this, kept);
    }
    return kept;
  }
}

/** The layer below one that has ports, or null. */
export function transportOf(l: Layer): Layer | null {
  let t = l.below;
  while (t !== null && !t.protocol.byPort) {
    t = t.below;
  }
  return t;
}

/** Lets the conversation of a layer speak a protocol from now on. */
export function speak(p: PacketView, l: Layer, protocol: Protocol | undefined = l.protocol): void {
  const transport = transportOf(l);
  if (p.sessions !== null && transport !== null) {
    p.sessions.of(p, transport).protocol = protocol;
  }
}

/** Whether a packet goes the way of its conversation's first one; by the ports if nobody remembers. */
export function fromClient(p: PacketView, l: Layer): boolean {
  const transport = transportOf(l);
  if (transport === null) {
    return true;
  }
  return p.sessions === null
    ? transport.key >= transport.otherKey
    : p.sessions.of(p, transport).firstFromLower === keyOf(p, transport).fromLower;
}

/** The endpoints of a transport layer as `address:port`, the sender's first. */
export function endpointsOf(p: PacketView, transport: Layer): readonly [source: string, destination: string] {
  const network = transport.below;
  const [source, destination] = network?.protocol.declaration.addresses?.(p, network) ?? ['', ''];
  return [`${source}:${p.u16(transport.at)}`, `${destination}:${p.u16(transport.at + 2)}`];
}

/** A key that both directions share, and which direction this packet goes. */
function keyOf(p: PacketView, transport: Layer): { key: string; fromLower: boolean } {
  const [source, destination] = endpointsOf(p, transport);
  const fromLower = source < destination;
  const stream = tcpNote(transport)?.relative.stream ?? '';
  const name = transport.protocol.name;
  return { key: `${name}${stream} ${fromLower ? `${source} ${destination}` : `${destination} ${source}`}`, fromLower };
}
