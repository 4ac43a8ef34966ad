/**
 * Journeys of generated sessions: a forwarded connection whose bytes come back, and datagrams in fragments, over a link
 * that loses, repeats and reorders, with a drop by hand in each layer. Every byte that an end has read was brought by
 * one packet, which says so; every frame and every drop belongs to one packet. `PKTGDB_JOURNEYS` and `PKTGDB_SEED` say
 * how many sessions and from where.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { droppedPackets, packetsGivenUp } from '../../adapter/inspect/drops.ts';
import { dropHere } from '../../adapter/inspect/hands.ts';
import { type Hop, JOURNEY_LAYERS, type Journey } from '../../adapter/inspect/journey/journey.ts';
import { journeysSoFar } from '../../adapter/inspect/journey/journeys.ts';
import { FIELDS, PacketView } from '../../adapter/packets/fields.ts';
import { tcp } from '../../adapter/packets/protocols/tcp.ts';
import { Random, scattered } from '../kit/random.ts';
import { SEED_ARGS } from '../kit/seed.ts';
import { Session } from './session.ts';

const SESSIONS = Number(process.env['PKTGDB_JOURNEYS'] ?? 2);
const FIRST = Number(process.env['PKTGDB_SEED'] ?? 1);

const ARGS = SEED_ARGS.map((a) => a.replace(/-:5556$/, '-:5556,hostfwd=udp:127.0.0.1:0-:5557'));

/** Where packets with data are dropped by hand, a layer each, on the way to the guest and back. */
const PLACES = ['slirp_output', 'qemu_deliver_packet_iov', 'e1000_receive_iov', 'netif_receive_skb', 'tcp_v4_rcv'];
const PLACES_BACK = ['dev_queue_xmit', 'e1000_send_packet', 'slirp_input', 'tcp_input'];

/** What a session did, by the ends that took part. */
interface Told {
  readonly sent: Buffer;
  readonly returned: Buffer;
  readonly datagrams: readonly Buffer[];
  readonly drops: number;
}

for (let seed = FIRST; seed < FIRST + SESSIONS; seed++) {
  describe(`journeys, seed ${seed}`, function () {
    this.timeout(60_000);
    let s: Session;
    let told: Told;
    let all: readonly Journey[];

    before(async () => {
      s = await Session.create();
      told = await session(s, Random.spread(seed));
      all = await journeysSoFar(s.engine);
    });

    after(() => s.dispose());

    it('each byte that an end has read was brought by one packet, and is in it', () => {
      assert.deepEqual(told.returned, told.sent, 'the connection repairs everything');
      assert.deepEqual(brought(all, /^delivered to nc /, '10.0.2.15', 5556), told.sent);
      assert.deepEqual(brought(all, /^delivered to the host's socket/, '10.0.2.2', 0), told.returned);
    });

    it('each frame is that of one packet, which goes one way through the layers', () => {
      for (const j of all) {
        const layers = j.hops.map((h) => JOURNEY_LAYERS.indexOf(h.layer));
        const way = Math.sign((layers.at(-1) ?? 0) - (layers[0] ?? 0));
        const back = layers.findIndex((l, i) => i > 0 && Math.sign(l - (layers[i - 1] ?? l)) === -way && way !== 0);
        assert.ok(layers.every((l) => l >= 0) && back < 0, `${show(j)} turns back at ${j.hops[back]?.fn}`);
        assert.ok(
          j.hops.every((h, i) => i === 0 || h.tick >= (j.hops[i - 1]?.tick ?? 0)),
          show(j),
        );
        for (const fn of ['slirp_output', 'e1000_receive_iov', 'eth_type_trans', 'e1000_send_packet', 'slirp_input']) {
          assert.ok(j.hops.filter((h) => h.fn === fn).length <= 1, `${show(j)} passes ${fn} twice`);
        }
      }
    });

    it('each drop is the end of one packet, whoever dropped it', async () => {
      const counted = (await packetsGivenUp(s.engine)) ?? {};
      const ends: Record<string, number> = {};
      for (const { end } of all) {
        const [, reason] = /^dropped: (\w+)$/.exec(end) ?? [];
        if (reason !== undefined) {
          ends[reason] = (ends[reason] ?? 0) + 1;
        }
      }
      assert.deepEqual(ends, counted);
      assert.equal(counted['DEBUGGER'] ?? 0, told.drops);
      assert.ok(((await droppedPackets(s.engine))?.['LINK_LOSS'] ?? 0) >= 0);
    });

    it('what was sent again, repeated by the link or cut into fragments says of which packet', () => {
      const byId = new Map(all.map((j) => [j.id, j]));
      const copies = all.filter((j) => j.relation.startsWith('duplicate of'));
      for (const j of all) {
        const [, kind, id] = /^(.*) of (\d+)$/.exec(j.relation) ?? [];
        const other = byId.get(Number(id));
        if (kind === 'duplicate') {
          assert.equal(j.text, other?.text);
          assert.equal(j.hops[0]?.fn, 'link_faults_copy');
        } else if (kind === 'retransmission') {
          assert.ok(other && other.id < j.id && ends(j) === ends(other), `${show(j)}, ${other?.text}`);
        } else if (kind === 'fragment') {
          assert.ok(
            other?.hops.some((h) => /fragment$/.test(h.fn)),
            show(j),
          );
        }
      }
      const sent = all.filter((j) => j.hops.some((h) => h.fn === 'link_faults_send'));
      const lost = all.filter((j) => j.end === 'dropped: LINK_LOSS');
      const carried = all.filter((j) => j.hops.some((h) => h.fn === 'link_faults_copy'));
      assert.equal(carried.length, sent.length - lost.length + copies.length);
    });

    it('datagrams are whole at the program, whatever they were cut into', () => {
      const read = all.filter((j) => /^delivered to nc/.test(j.end) && j.text.includes(' UDP'));
      assert.ok(read.length > 0);
      for (const j of read) {
        const data = payload(j.hops.findLast((h) => h.layer === 'guest'));
        assert.ok(
          told.datagrams.some((d) => d.equals(data)),
          show(j),
        );
      }
      const long = read.find((j) => j.hops.some((h) => h.fn === 'ip_fragment'));
      const parts = all.filter((j) => long && j.relation === `fragment of ${long.id}`);
      assert.ok(long && parts.filter((p) => p.end === `put together to ${long.id}`).length >= 2, show(long));
    });
  });
}

function show(j: Journey | undefined): string {
  return j ? `packet ${j.id}, ${j.text}, ${j.relation}, ${j.end}: ${j.hops.map((h) => h.fn).join(' ')}` : 'none';
}

function ends({ text }: Journey): string {
  return text.split(' ').slice(0, 3).join(' ');
}

/** The bytes that a reader has, out of the packets that were delivered to it; none is brought twice. */
function brought(all: readonly Journey[], end: RegExp, address: string, port: number): Buffer {
  const parts = all.flatMap((j) => {
    const [, from, to] = /, bytes (\d+) to (\d+)$/.exec(end.test(j.end) ? j.end : '') ?? [];
    const to_ = port === 0 ? ` -> ${address}:` : ` -> ${address}:${port} `;
    return from !== undefined && j.text.includes(to_) ? [{ j, from: Number(from), to: Number(to) + 1 }] : [];
  });
  parts.sort((a, b) => a.from - b.from);
  let next = 0;
  const pieces = parts.map(({ j, from, to }) => {
    assert.equal(from, next, `bytes ${next} to ${from} were brought by nobody, or twice: ${show(j)}`);
    next = to;
    // What a receiver has already is cut off at the front.
    const data = payload(j.hops.findLast((h) => h.link === 'ethernet'));
    return data.subarray(data.length - (to - from));
  });
  return Buffer.concat(pieces);
}

function payload(hop: Hop | undefined): Buffer {
  assert.ok(hop);
  const view = new PacketView(hop.bytes, hop.link);
  const name = view.first(tcp) ? 'tcp.payload' : 'udp.payload';
  const data = FIELDS[name]?.get(view);
  return data instanceof Uint8Array ? Buffer.from(data) : Buffer.alloc(0);
}

async function session(s: Session, random: Random): Promise<Told> {
  const sent = scattered(20_000 + random.next(20_000), random.next(1000));
  let udpPort = 0;
  s.engine.on('report', (_level, text) => {
    udpPort ||= Number(/hostfwd udp \S*:(\d+) ->/.exec(text)?.[1] ?? 0);
  });
  await s.launch({ args: ARGS });
  await s.printed('lease of');
  s.engine.setLink('user.0', {
    loss: random.next(4) / 100,
    duplicate: random.next(15) / 100,
    reorder: random.next(10) / 100,
    delayNs: random.next(2) * 1e6,
  });
  const datagrams = Array.from({ length: 4 }, (_, i) => Buffer.from(`${i} ${'x'.repeat(random.next(4000))}y`));
  datagrams.push(Buffer.from(`long ${'z'.repeat(3000)}`));
  await datagramsTo(s, () => udpPort, datagrams);
  const places = [random.pick(PLACES), random.pick(PLACES_BACK), random.pick([...PLACES, ...PLACES_BACK])];
  for (const place of places) {
    const there = place === 'tcp_input' ? 'm != 0 && ' : '';
    s.break(place, `${there}$pkt.tcp.len > 100`, { temporary: true, ignoreCount: random.next(6) });
  }
  const { returned, drops } = await echo(s, sent);
  await s.engine.interrupt();
  await s.stop();
  return { sent, returned, datagrams, drops };
}

/** Sends datagrams until the guest has printed the last one. */
async function datagramsTo(s: Session, port: () => number, datagrams: readonly Buffer[]): Promise<void> {
  s.guest('nc -u -l -p 5557');
  const socket = createSocket('udp4');
  const again = setInterval(() => {
    for (const d of datagrams) {
      socket.send(d, port(), '127.0.0.1');
    }
  }, 100);
  try {
    await s.printed('zzzz');
  } finally {
    clearInterval(again);
    socket.close();
    s.engine.guestInput('\x03');
  }
}

/** Has the guest receive bytes over a forwarded connection, and send them back over one of its own. */
async function echo(s: Session, sent: Buffer): Promise<{ returned: Buffer; drops: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let returned: Buffer | undefined;
  server.on('connection', async (c) => {
    const parts: Buffer[] = [];
    for await (const part of c) {
      parts.push(part as Buffer);
    }
    returned = Buffer.concat(parts);
    s.engine.guestInput('echo all is there\n');
  });
  s.guest(`nc -l -v -p 5556 > got; nc 10.0.2.2 ${port} < got`);
  await s.printed('istening on');
  s.connect().end(sent);
  let drops = 0;
  try {
    for (;;) {
      const either = new AbortController();
      const { signal } = either;
      if (s.engine.state !== 'stopped') {
        await Promise.race([once(s.engine, 'stopped', { signal }), once(s.engine, 'console', { signal })]);
      }
      either.abort();
      if (s.engine.state === 'stopped') {
        await s.stop();
        await dropHere(s.engine);
        drops++;
        await s.resume();
      } else if (returned && /\nall is there/.test(s.console)) {
        return { returned, drops };
      }
    }
  } finally {
    server.close();
  }
}
