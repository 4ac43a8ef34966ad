/** Display filters: against what tshark said of them, what only this language has, errors, and whatever comes. */
import assert from 'node:assert/strict';
import { compileFilter, FilterError } from '../../adapter/packets/filter/filter.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import { Random } from '../kit/random.ts';
import { ourAnswers } from './filter-answers.ts';
import { readRecord } from './filter-record.ts';
import { HELLO, packetsOf } from './samples.ts';

/**
 * Filters about what is not dissected as Wireshark does: they say more of the dissection than of the language. The
 * list only gets shorter.
 */
const DISSECTED_OTHERWISE: ReadonlySet<string> = new Set([
  'tcp.analysis.retransmission',
  'eth.dst.lg == 1',
  'eth.dst.ig',
  'http[0:3] contains "E"',
  'http[0:3] matches "g"',
  'tcp.checksum.status == "Unverified"',
  'tcp.checksum.status == Unverified',
  'tcp.checksum.status == "Good"',
  'ip.dsfield.dscp == "Default"',
  'data',
  'data.data',
  'data.len > 1',
  'vlan.id == 1',
  'tcp.options.mss',
  'eth.addr_resolved',
  'http > "A"',
  'http[0:3] == tcp.payload[0:3]',
  'tcp.payload[0:3] == http[0:3]',
]);

const HELLO_PACKETS = packetsOf('02-hello.pcap').map((p) => p.data);

function view(data: Uint8Array | undefined): PacketView {
  return new PacketView(data ?? new Uint8Array(0), 'ethernet');
}

function matches(filter: string, data: Uint8Array | undefined = HELLO.dns_query): boolean {
  return compileFilter(filter).matches(view(data));
}

/** The error of a filter: what it says, and the part of the text that it blames. */
function refusal(filter: string): { readonly message: string; readonly part: string } {
  try {
    compileFilter(filter);
  } catch (error) {
    assert.ok(error instanceof FilterError, String(error));
    const { start, end } = error.span ?? { start: 0, end: 0 };
    return { message: error.message, part: filter.slice(start, end) };
  }
  assert.fail(`${filter} is no error`);
}

describe('display filters', () => {
  it('mean the packets that they mean in tshark', function () {
    this.timeout(60_000);
    const { answers } = readRecord();
    const filters = [...answers.keys()].filter((f) => !DISSECTED_OTHERWISE.has(f));
    assert.ok(filters.length >= 400, `only ${filters.length} filters`);
    const ours = ourAnswers(filters);
    const different = filters.filter((f) => {
      const [a, b] = [answers.get(f), ours.get(f)].map((x) => (x === 'error' ? x : x?.join(' ')));
      return a !== b;
    });
    assert.deepEqual(different, []);
  });

  it('are wrong where they are wrong in tshark', () => {
    const { answers } = readRecord();
    const wrong = [...answers].filter(([f, a]) => a === 'error' && !DISSECTED_OTHERWISE.has(f)).map(([f]) => f);
    assert.ok(wrong.length >= 100, `only ${wrong.length} wrong filters`);
    for (const filter of wrong) {
      assert.throws(() => compileFilter(filter), FilterError, filter);
    }
  });

  it('have what later versions of Wireshark have', () => {
    assert.equal(matches('udp xor tcp'), true);
    assert.equal(matches('udp ^^ ip'), false);
    assert.equal(matches('@udp.dstport == 00:35'), true);
    assert.equal(matches('dns.qry.type == "A"'), true);
    assert.equal(matches('not udp and tcp or ip xor arp'), true);
  });

  it('mean nothing by != of a field that is not there, and all occurrences by it', () => {
    assert.equal(matches('tcp.port != 80'), false);
    assert.equal(matches('not tcp.port == 80'), true);
    assert.equal(matches('udp.port != 53'), false);
    assert.equal(matches('udp.port !== 53'), true);
  });

  it('know macros, those of the user first', () => {
    assert.equal(matches(`\${private_ipv4:ip.src}`), true);
    const macros = new Map([['ports', '$1.srcport == $2 && $1.dstport == $3']]);
    assert.equal(compileFilter(`\${ports:udp;40000;53}`, { macros }).matches(view(HELLO.dns_query)), true);
    assert.match(refusal(`ip && \${nosuch:1}`).message, /macro 'nosuch' does not exist/);
    assert.equal(refusal(`ip && \${nosuch:1}`).part, `\${nosuch:1}`);
    const endless = new Map([['x', `\${x:$1}`]]);
    assert.throws(() => compileFilter(`\${x:1}`, { macros: endless }), /nested too deeply/);
  });

  it('refer to the packet that somebody looks at', () => {
    const of = (values: readonly number[]) =>
      compileFilter(`udp.dstport == \${udp.dstport}`, { referenced: () => values });
    assert.equal(of([53]).matches(view(HELLO.dns_query)), true);
    assert.equal(of([54]).matches(view(HELLO.dns_query)), false);
    assert.equal(of([]).matches(view(HELLO.dns_query)), false);
  });

  it('tell which fields they use', () => {
    assert.deepEqual(compileFilter('tcp.port == 80 || len(ip) > 2').fieldsUsed, ['tcp.port', 'ip']);
  });

  it('say what is wrong, where, and what was meant', () => {
    assert.match(refusal('ip && tcp.prt == 80').message, /did you mean "tcp.port"/);
    assert.equal(refusal('ip && tcp.prt == 80').part, 'tcp.prt');
    assert.equal(refusal('tcp.port == 99999').part, '99999');
    assert.equal(refusal('tcp.port == 80 foo').part, 'foo');
    assert.match(refusal('maxx(tcp.port) == 1').message, /did you mean max/);
    assert.equal(refusal(`udp && \${private_ipv4:tcp.prt} `).part, `\${private_ipv4:tcp.prt}`);
  });

  for (const [capture, display] of [
    ['tcp port 80', 'tcp.port == 80'],
    ['port 53', '(tcp.port == 53 || udp.port == 53)'],
    ['host 10.0.2.15 and not udp', 'ip.addr == 10.0.2.15 && !udp'],
    ['src net 10.0.0.0/8', 'ip.src == 10.0.0.0/8'],
    ['udp dst portrange 1-9', 'udp.dstport in {1..9}'],
    ['ether host 52:54:00:12:34:56', 'eth.addr == 52:54:00:12:34:56'],
  ] as const) {
    it(`points at ${display} for ${capture}`, () => {
      assert.ok(refusal(capture).message.endsWith(`as a display filter: ${display}`), refusal(capture).message);
      compileFilter(display);
    });
  }

  it('never hang on a regular expression', () => {
    const data = new Uint8Array(60_000).fill(97);
    data[data.length - 1] = 33;
    for (const pattern of ['(a+)+$', '(a|a)*b', '(a*)*b', '(.*)*x', '((a?)*)*c', '(?=(a+))*\\\\1b', '(a+)(?<=b)']) {
      const started = performance.now();
      try {
        assert.equal(matches(`frame matches "${pattern}"`, data), false, pattern);
      } catch (error) {
        assert.ok(error instanceof FilterError, `${pattern}: ${error}`);
      }
      assert.ok(performance.now() - started < 5000, pattern);
    }
  });

  it('survive all filters and packets', function () {
    this.timeout(60_000);
    const random = new Random(7);
    const pieces = [...readRecord().answers.keys(), '(', ')', '{', '"', "'", '[', '#', '$', '\\', '&&', ' in ', '~'];
    const pick = <T>(list: readonly T[]): T => random.pick(list);
    const packets = [...HELLO_PACKETS, ...Object.values(HELLO)];
    for (let i = 0; i < 3000; i++) {
      const text = pick(pieces);
      const cut = random.next(text.length + 1);
      const filter = random.next(2) === 0 ? text : text.slice(0, cut) + pick(pieces) + text.slice(cut);
      try {
        const { matches: test } = compileFilter(filter);
        for (let k = 0; k < 10; k++) {
          const data = Uint8Array.from(pick(packets));
          for (let n = random.next(4); n > 0; n--) {
            data[random.next(data.length)] = random.next(256);
          }
          test(view(data.subarray(0, random.next(data.length + 1))));
        }
      } catch (error) {
        assert.ok(error instanceof FilterError, `${filter}: ${(error as Error).stack}`);
      }
    }
  });
});
