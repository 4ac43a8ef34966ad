/** What is said about packets, typed at the prompt: in a replay and live, forward and in history. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Engine } from '../../adapter/engine/engine.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { type Hand, haveInHands, loseData } from '../kit/packet-hands.ts';
import { DATA_STOP, DATA_STOPPED, PAST_ROWS, typeRows } from '../kit/packet-rows.ts';
import { capture } from '../kit/paths.ts';
import { SEED_ARGS, SEED_LISTEN } from '../kit/seed.ts';

class Prompt {
  readonly engine: Engine;
  readonly #gdb: GdbInterpreter;
  #text = '';
  readonly #changed = new EventEmitter();

  private constructor(engine: Engine, launch: { args: readonly string[]; traces?: readonly string[] }) {
    this.engine = engine;
    this.#gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      version: '',
      launch,
      write: (text) => {
        this.#print(text);
      },
    });
    engine.on('console', (text) => this.#print(text));
  }

  static async create(launch: { args: readonly string[]; traces?: readonly string[] }): Promise<Prompt> {
    return new Prompt(await Engine.create(), launch);
  }

  readonly type = async (line: string): Promise<string> => {
    this.#text = '';
    await this.#gdb.execute(line, true);
    return this.#text;
  };

  /** The same as somebody who looks at packets. */
  get hand(): Hand {
    const { type } = this;
    return {
      type,
      catches: async (...all) => {
        await type('delete');
        for (const [kind, rest] of all) {
          assert.match(await type(`catch ${kind} ${rest}`), /^Catchpoint \d+/);
        }
      },
      continue: () => type('continue'),
      reverse: () => type('reverse-continue'),
      goto: (where) => type(`goto ${where}`),
    };
  }

  #print(text: string): void {
    this.#text += text;
    this.#changed.emit('text');
  }

  /** Waits until something has been printed. */
  async printed(text: RegExp): Promise<void> {
    while (!text.test(this.#text)) {
      await once(this.#changed, 'text');
    }
  }
}

const CLOSING = /^Catchpoint 3 \(guest TCP 10\.0\.2\.15:5556 to .* ESTABLISHED -> CLOSE_WAIT\), tcp_set_state \(/m;

describe('packets at the prompt', function () {
  this.timeout(60_000);
  let p: Prompt;

  afterEach(() => p.engine.dispose());

  it('in a replay, forward and in history', async () => {
    p = await Prompt.create({ args: [], traces: [capture('02-hello.pcap')] });
    await p.type(DATA_STOP);
    assert.match(await p.type('run'), DATA_STOPPED);
    await typeRows(p.type);
    await p.type('continue');
    assert.match(await p.type('reverse-continue'), DATA_STOPPED);
    await typeRows(p.type);
    await typeRows(p.type, PAST_ROWS);
  });

  it('states and what is sent again, in a replay', async () => {
    p = await Prompt.create({ args: [], traces: [capture('02-hello.pcap')] });
    await p.type(DATA_STOP);
    assert.match(await p.type('run'), DATA_STOPPED);
    await loseData(p.hand);
  });

  it('resets, packets put in and exceptions, in a replay', async () => {
    p = await Prompt.create({ args: [], traces: [capture('foreign/lo-refused.pcap')] });
    await p.type('catch rst');
    assert.match(await p.type('run'), /^Catchpoint 1 \(TCP reset to the guest\), slirp_output \(/m);
    await haveInHands(p.hand);
  });

  it('resets, packets put in and exceptions, live', async () => {
    p = await Prompt.create({ args: SEED_ARGS });
    await p.type('catch packet !icmp && udp.dstport == 7776 in guest');
    await p.type('run &');
    await p.printed(/obtained from/);
    await p.type('inject "udp.dstport=7776" at nic');
    await p.printed(/Catchpoint 1 \(packet in guest\), netif_receive_skb /);
    await p.type('catch rst');
    await p.type('continue &');
    // Nobody listens there.
    await p.type('host send tcp:127.0.0.1:$_hostfwd Hello qemu Geust');
    await p.printed(/Catchpoint 2 \(TCP reset by the guest\), slirp_input /);
    await haveInHands(p.hand);
  });

  it('a connection to nobody in the guest, live: why, and its packet, forward and in history', async () => {
    p = await Prompt.create({ args: SEED_ARGS });
    await p.type('catch drop GUEST_NO_LISTENER');
    await p.type('run &');
    await p.printed(/obtained from/);
    await p.type('host send tcp:127.0.0.1:$_hostfwd Hello qemu Geust');
    const dropped =
      /dropped GUEST_NO_LISTENER\), drop \(buf=\[58 bytes: 10\.0\.2\.2:\d+ -> 10\.0\.2\.15:5556 TCP \[SYN\]/;
    await p.printed(dropped);
    const advice = /^RFC 9293, .*port 5556 has no listener: "guest netstat -l"[\s\S]*^tick \d+, .*5556 \[SYN\]/m;
    assert.match(await p.type('info drops GUEST_NO_LISTENER'), advice);
    await p.type('catch rst');
    // It asks for the address of the other end first.
    assert.match(await p.type('continue'), /TCP reset by the guest/);
    assert.match(await p.type('reverse-continue'), dropped);
    await p.type('goto start');
    assert.match(await p.type('continue'), dropped);
    assert.match(await p.type('print $pkt("tcp.dstport == 5556 && tcp.flags.syn == 1")'), /= 1\n/);
  });

  /** Live, the data of a socket of the host has been caught. */
  async function catchesDataLive(): Promise<void> {
    p = await Prompt.create({ args: SEED_ARGS });
    await p.type(DATA_STOP);
    await p.type('run &');
    await p.printed(/obtained from/);
    await p.type(`guest ${SEED_LISTEN}`);
    await p.printed(/istening on/);
    await p.type('host send tcp:127.0.0.1:$_hostfwd Hello qemu Geust');
    await p.printed(DATA_STOPPED);
  }

  it('live, in history', async () => {
    await catchesDataLive();
    await p.type('catch packet tcp.flags.fin == 1 in guest');
    assert.match(await p.type('continue'), /Catchpoint 2 \(packet in guest\)/);
    await p.type('catch state guest 5556 CLOSE_WAIT');
    assert.match(await p.type('continue'), CLOSING);
    await p.type('delete 2');
    assert.match(await p.type('reverse-stepi'), /^tcp_fin \(.*\[past: /s);
    assert.match(await p.type('continue'), CLOSING);
    await p.type('delete 3');
    assert.match(await p.type('reverse-continue'), DATA_STOPPED);
    await typeRows(p.type);
    await typeRows(p.type, PAST_ROWS);
  });

  it('states and what is sent again, live', async () => {
    await catchesDataLive();
    await loseData(p.hand);
  });

  it('live, with a socket of the host, forward; and packets in hand, in history too', async () => {
    await catchesDataLive();
    await typeRows(p.type);
    assert.match(await p.type('edit $pkt.ip.ttl = 9'), /^ip\.ttl: 64 -> 9$/m);
    assert.match(await p.type('delay $pkt 20ms'), /^Held back for 20 ms: 71 bytes: /m);
    const again = await p.type('continue');
    assert.match(again, DATA_STOPPED);
    assert.match(await p.type('print $pkt.ip.ttl'), /= 9\n/);
    await p.type('set link user.0 loss 100%');
    assert.match(await p.type('show link'), /^user\.0: loss 100%$/m);
    await p.type('catch drop LINK_LOSS');
    await p.type('catch retransmit');
    // What is held in hand is lost, and what is sent again as well.
    assert.match(await p.type('drop'), /^Dropped 71 bytes: /m);
    assert.match(await p.type('continue'), /Catchpoint \d+ \(TCP retransmission by slirp\), if_output /);
    assert.match(await p.type('continue'), /Catchpoint \d+ \(dropped LINK_LOSS\), drop /);
    await p.type('set link user.0 off');
    assert.match(await p.type('continue'), /Catchpoint \d+ \(TCP retransmission by slirp\), if_output /);
    assert.match(await p.type('info drops DEBUGGER'), /^tick \d+, .*\[PSH, ACK\].* Len=17$/m);
    await p.type('set journey on');
    assert.match(await p.type('info journeys'), /^1 packet, dropped: DEBUGGER: \d+$/m);
    assert.match(await p.type('info journey'), /^Packet \d+: .*PSH, ACK\], retransmission of \d+$/m);
    await p.type('set journey off');
    await p.type('delete 1');
    await p.type(DATA_STOP);
    assert.match(await p.type('reverse-continue'), /dropped LINK_LOSS|TCP retransmission by slirp/);
    await p.type('disable');
    await p.type(DATA_STOP);
    await p.type('goto start');
    assert.match(await p.type('continue'), DATA_STOPPED);
    assert.match(await p.type('print $pkt.ip.ttl'), /= 9\n/, 'what was edited is so in history');
    await p.type('delete');
    await p.type('catch state slirp 5556 ESTABLISHED');
    assert.match(await p.type('reverse-continue'), /SYN_SENT -> ESTABLISHED\), tcp_state_change /);
  });
});
