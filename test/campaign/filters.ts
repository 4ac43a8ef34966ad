/** Texts that are nearly filters: each is refused with a sentence, or tests any packet in no time. */
import assert from 'node:assert/strict';
import { Conversations } from '../../adapter/packets/conversations.ts';
import { FIELDS } from '../../adapter/packets/fields.ts';
import { captureHint } from '../../adapter/packets/filter/capture-syntax.ts';
import { completeFilter } from '../../adapter/packets/filter/complete.ts';
import { compileFilter, FilterError } from '../../adapter/packets/filter/filter.ts';
import { PacketView } from '../../adapter/packets/packet-view.ts';
import type { Random } from '../kit/random.ts';
import { FILTERS } from '../packets/filter-cases.ts';
import { LAYERS } from '../packets/layer-samples.ts';
import { BUILT } from '../packets/protocol-samples.ts';
import { theme } from './theme.ts';

/** Filters of a case, and packets that each is tried on. */
const TEXTS = 50;
const TRIED = 12;
/** Milliseconds that a filter may take for a packet. */
const MS_MAX = 500;

const PACKETS = [...Object.values(BUILT), ...Object.values(LAYERS).flat()];
const NAMES = Object.keys(FIELDS);

const EVIL = [
  '(a+)+$',
  '(.*)*x',
  '(a|a)*b',
  '[a-z]{1,999}{1,999}',
  '(?:(?:a?){50}){50}',
  '\\\\',
  '(((((',
  '^(a?){30}a{30}',
];
const BITS = [
  '==',
  '!',
  'not ',
  ' and ',
  '||',
  '(',
  ')',
  '{',
  '}',
  '..',
  ',',
  '"',
  "'",
  '[0:4]',
  '#1',
  '@',
  '$',
  '${',
  '0x',
];
const VALUES = [
  '1',
  '-1',
  '1e999',
  '99999999999999999999',
  '10.0.0.0/33',
  '::/129',
  'fe80::%1',
  '"\\xff"',
  "'\\''",
  'r"\\d"',
];

const DEEP = [
  (n: number): string => '('.repeat(n),
  (n: number): string => `${'('.repeat(n)}ip${')'.repeat(n)}`,
  (n: number): string => `${'!'.repeat(n)}ip`,
  (n: number): string => Array.from({ length: n }, () => 'ip').join(' or '),
  (n: number): string => `ip.ttl in {${Array.from({ length: n }, (_, i) => i).join(' ')}}`,
  (n: number): string => `ip.ttl == ${'-'.repeat(n)}1`,
  (n: number): string => `${'upper('.repeat(n)}http.host${')'.repeat(n)} == "A"`,
];

function text(random: Random): string {
  const known = random.pick(FILTERS);
  const bit = (): string => random.pick(random.pick([BITS, VALUES, NAMES]));
  switch (random.next(8)) {
    case 0:
      return `${random.pick(NAMES)} matches "${random.pick(EVIL)}"`;
    case 1:
      return random.pick(DEEP)(1 + random.next(5000));
    case 2:
      return Array.from({ length: 1 + random.next(8) }, bit).join(random.pick(['', ' ']));
    case 3:
      return `${random.pick(NAMES)} ${random.pick(['==', '<', 'contains', 'matches', 'in', '&'])} ${bit()}`;
    case 4:
      return `(${known})${random.pick([' && ', ' or ', ' xor ', ' '])}${random.pick(FILTERS)}`;
    default: {
      const at = random.next(known.length + 1);
      return known.slice(0, at) + bit() + known.slice(at + random.next(4));
    }
  }
}

const view = new PacketView();

function tryOut(filter: string, first: number): void {
  completeFilter(filter);
  captureHint(filter);
  let matches: (p: PacketView) => boolean;
  try {
    ({ matches } = compileFilter(filter));
  } catch (error) {
    assert.ok(error instanceof FilterError, `${filter.slice(0, 300)}\n${(error as Error).stack}`);
    return;
  }
  const conversations = new Conversations();
  for (let i = 0; i < TRIED; i++) {
    const data = PACKETS[(first + i) % PACKETS.length]!;
    view.set(data, 0, data.length, 'ethernet');
    view.number = i + 1;
    conversations.add(view, i);
    const start = process.cpuUsage();
    matches(view);
    const { user } = process.cpuUsage(start);
    assert.ok(user < MS_MAX * 1000, `${user / 1000} ms: ${filter.slice(0, 300)}`);
  }
}

export const filters = theme<{ readonly filter: string; readonly first: number }>({
  unit: 'filters',
  make: (random) => Array.from({ length: TEXTS }, () => ({ filter: text(random), first: random.next(PACKETS.length) })),
  attempt(pieces) {
    for (const { filter, first } of pieces) {
      tryOut(filter, first);
    }
    return pieces.length;
  },
});
