/** The filters that are held against tshark: some that people type, and all operators on fields of all types. */
import { readFileSync } from 'node:fs';

/** Typed ones: filters.txt, one a line. */
const TYPED = readFileSync(new URL('filters.txt', import.meta.url), 'utf8')
  .split('\n')
  .slice(0, -1);

/** Fields of each type, with a constant that some packets have, and one of another form. */
const SAMPLES: readonly (readonly [field: string, value: string, other: string])[] = [
  ['ip.ttl', '64', '0x40'],
  ['ip.proto', '17', '"TCP"'],
  ['tcp.port', '5556', '80'],
  ['ip.len', '60', '0b101000'],
  ['tcp.seq_raw', '1', '64001'],
  ['frame.len', '60', '012'],
  ['tcp.flags.ack', '1', 'True'],
  ['ip.flags.df', '0', 'False'],
  ['ip.src', '10.0.2.15', '10.0.2.0/24'],
  ['ip.addr', '127.0.0.1', '127.0.0.0/8'],
  ['ipv6.src', 'fec0::15', 'fec0::/10'],
  ['eth.src', '52:54:00:12:34:56', '52-54-00-12-34-56'],
  ['tcp.payload', '68:65', '"he"'],
  ['dns.qry.name', '"a"', '"example.org"'],
  ['http.request.method', '"GET"', 'POST'],
  ['udp', '00:07', '"x"'],
  ['frame.time_relative', '1', '0.5'],
];

const RELATIONS = ['==', '!=', '===', '!==', '<', '<=', '>', '>='];
const WORDS = ['eq', 'ne', 'all_eq', 'any_ne', 'any_eq', 'all_ne', 'lt', 'le', 'gt', 'ge'];

/** Literals of all forms, most of which most types refuse. */
const LITERALS = ['1', '-1', '0x41', '1.5', '10.0.2.15', '10.0.0.0/8', 'fe80::1', '52:54:00:12:34:56', '0d:0a'];
const MORE_LITERALS = [
  '"1"',
  '"10.0.2.15"',
  '"abc"',
  "'A'",
  'abc',
  'True',
  '"2023-11-14 22:13:20"',
  '99999999999',
  '08',
];

function onEach(make: (sample: readonly [field: string, value: string, other: string]) => readonly string[]): string[] {
  return SAMPLES.flatMap(make);
}

const GENERATED: readonly string[] = [
  ...onEach(([f, a, b]) => RELATIONS.flatMap((op) => [`${f} ${op} ${a}`, `${f} ${op} ${b}`])),
  ...onEach(([f, a]) => ['any', 'all'].flatMap((q) => ['==', '!=', '<', '>='].map((op) => `${q} ${f} ${op} ${a}`))),
  ...WORDS.map((op) => `tcp.port ${op} 5556`),
  ...onEach(([f]) => [...LITERALS, ...MORE_LITERALS].map((literal) => `${f} == ${literal}`)),
  ...onEach(([f]) => [`${f} contains "2"`, `${f} contains 00`, `${f} contains ${f}`, `all ${f} contains "2"`]),
  ...onEach(([f]) => [`${f} matches "^[a-g]"`, `${f} matches 2`, `${f} matches "("`, `string(${f}) matches "2$"`]),
  ...onEach(([f, a, b]) => [
    `${f} in {${a}}`,
    `${f} in {${b}, ${a}}`,
    `not ${f} in {${a}}`,
    `${f} not in {${a}}`,
    `${f} in {${a} .. ${a}}`,
    `all ${f} in {${a}}`,
  ]),
  ...onEach(([f, a]) => ['+', '-', '*', '/', '%', '&'].map((op) => `${f} ${op} ${a} == ${a}`)),
  ...onEach(([f, a]) => [`-${f} == ${a}`, `${f} & ${a}`, `{${f}} == ${a}`, `${f} + 1`, `${f} == ${f}`, `${f} > ${f}`]),
  ...onEach(([f]) =>
    ['[0]', '[0:2]', '[-2:]', '[1-2]', '[:2]', '[0,1]', '[4:]'].flatMap((s) => [`${f}${s}`, `${f}${s} == 00:00`]),
  ),
  ...onEach(([f, a]) => ['#1', '#2', '#[1-2]', '#[-1]', '#[2:]'].flatMap((l) => [`${f}${l}`, `${f}${l} == ${a}`])),
  ...onEach(([f, a]) => [
    `len(${f}) > 1`,
    `count(${f}) == 2`,
    `upper(${f}) == "A"`,
    `lower(${f}) contains "e"`,
    `string(${f}) contains "1"`,
    `max(${f}) == ${a}`,
    `min(${f}, ${a}) == ${a}`,
    `abs(${f}) == ${a}`,
  ]),
  // Fields beside fields of all types.
  ...onEach(([f]) => SAMPLES.filter((_, i) => i % 2 === 0).map(([g]) => `${f} == ${g}`)),
  ...onEach(([f, a]) => [`${f}`, `not ${f}`, `!${f} == ${a}`, `not ${f} == ${a} and ip`, `${f} == ${a} or arp`]),
];

/** Wireshark reads an address as the seconds before its second point; that is refused here. */
const AN_ADDRESS_AS_SECONDS = /^frame\.time_relative == \d+\.\d+\./;

/** Of the generated ones every third, as tshark takes a run for each. */
export const FILTERS: readonly string[] = [...new Set([...TYPED, ...GENERATED.filter((_, i) => i % 3 === 0)])].filter(
  (f) => !AN_ADDRESS_AS_SECONDS.test(f),
);
