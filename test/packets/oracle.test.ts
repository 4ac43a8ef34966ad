/** Fields and columns of the project's captures against what tshark said of them (`test/tools/fields-record.ts`). */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
import { walkCapture } from '../../adapter/packets/capture-walk.ts';
import { plainFields } from '../../adapter/packets/field-values.ts';
import { FIELDS } from '../../adapter/packets/fields.ts';
import { summary } from '../../adapter/packets/summary.ts';
import { ourValues, theirValues } from '../tools/oracle-values.ts';
import type { OraclePacket } from '../tools/tshark.ts';

const FOLDER = new URL('../vectors/tshark/', import.meta.url);

interface Recorded {
  readonly tshark: string;
  readonly capture: string;
  readonly packets: readonly OraclePacket[];
}

/** Shares, in percent, that are equal at least. */
const LEAST = { fields: 99.5, protocol: 95, info: 85 } as const;

describe('fields and columns against tshark', () => {
  const counts = { fields: [0, 0], protocol: [0, 0], info: [0, 0] };
  const note = (what: keyof typeof counts, same: boolean): void => {
    counts[what][0]! += Number(same);
    counts[what][1]! += 1;
  };

  for (const file of readdirSync(FOLDER)) {
    it(file, () => {
      const { tshark, capture, packets } = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Recorded;
      assert.match(tshark, /4\.0\.17/);
      const differ: string[] = [];
      let compared = 0;
      const walk = walkCapture(readCapture(readFileSync(new URL(`../${capture}`, import.meta.url))));
      for (const want of packets) {
        const p = walk.next().value;
        assert.ok(p);
        const fields = plainFields(p);
        for (const name of Object.keys(want.fields).filter((n) => FIELDS[n] !== undefined)) {
          const [ours, theirs] = [ourValues(fields[name]), theirValues(name, want.fields[name])];
          compared++;
          note('fields', ours === theirs);
          if (ours !== theirs) {
            differ.push(`${p.number} ${name}: ${ours}, tshark ${theirs}`);
          }
        }
        const line = summary(p);
        note('protocol', line.protocol === want.protocol);
        note('info', line.info.trim() === want.info.trim());
      }
      assert.ok(
        differ.length <= compared * 0.05,
        `${differ.length} of ${compared} differ:\n${differ.slice(0, 20).join('\n')}`,
      );
    });
  }

  after(() => {
    for (const [what, [equal = 0, all = 0]] of Object.entries(counts)) {
      const least = LEAST[what as keyof typeof LEAST];
      assert.ok((100 * equal) / all >= least, `${what}: ${equal} of ${all} are equal, wanted ${least} %`);
    }
  });
});
