/** Rows of the picture of journeys. */
import assert from 'node:assert/strict';
import { journeyRows } from '../../src/journeys/lanes.ts';

describe('journeys', () => {
  it('have a stop in each lane that the packet passed, from the host to the program, and their end', () => {
    const pass = (layer: string, tick: number) => ({ layer, fn: `${layer}_fn`, tick, probe: 2, ns: tick * 1e6 });
    const rows = journeyRows({
      layers: ['host', 'slirp', 'net', 'nic'],
      groups: [],
      packets: [
        { id: 7, text: 'a -> b', end: 'dropped: RX_FILTER', relation: '', passes: [pass('net', 3), pass('slirp', 2)] },
        {
          id: 8,
          text: 'b -> a',
          end: 'in nic',
          relation: 'retransmission of 7',
          passes: [pass('nic', 4), pass('nic', 5)],
        },
      ],
    });
    assert.deepEqual(
      rows.map(({ id, end, dropped, stops }) => [id, end, dropped, stops.map((s) => `${s.lane} ${s.moment} ${s.ms}`)]),
      [
        [7, 'dropped: RX_FILTER', true, ['1 2:2 2', '2 3:2 3']],
        [8, 'in nic (retransmission of 7)', false, ['3 4:2 4']],
      ],
    );
  });
});
