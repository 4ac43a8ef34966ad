/**
 * Every segment that the guest's TCP refuses has its own reason: one test for each, in the order of RFC 9293 3.10.7.
 */
import assert from 'node:assert/strict';
import type { Lab } from './lab.ts';
import { ACK, FIN_ACK, PSH_ACK, RST, Script, SYN } from './tcp-script.ts';

const FIN = 1;
/** The port that the guest's `nc` listens on, and what its peer has sent first. */
const PORT = 7;
const ISN = 99;

describe('guest: what TCP refuses', () => {
  let s: Script;
  let lab: Lab;

  /** Sends a segment of the connection to `PORT` and expects it to be dropped, once, for `reason`. */
  function refused(reason: string, seq: number, ack: number, flags: number, data = ''): number[] {
    const before = lab.drops(reason);
    const answers = s.send(PORT, seq, ack, flags, data);
    assert.equal(lab.drops(reason), before + 1, `${reason}; there are ${lab.reasons()}`);
    return answers.map((p) => p.flags);
  }

  beforeEach(() => {
    s = new Script();
    lab = s.lab;
  });

  describe('LISTEN', () => {
    beforeEach(() => {
      lab.sh(`nc -lp ${PORT} > got &`);
    });

    it('TCP_BAD_RST: a reset', () => assert.deepEqual(refused('TCP_BAD_RST', ISN, 0, RST), []));
    it('TCP_NO_CONN: an ACK, which is answered by a reset', () =>
      assert.deepEqual(refused('TCP_NO_CONN', ISN, 5, ACK), [RST]));
    it('TCP_NO_SYN: neither', () => assert.deepEqual(refused('TCP_NO_SYN', ISN, 0, FIN), []));
    it('TCP_SYN_FIN: a SYN with FIN', () => assert.deepEqual(refused('TCP_SYN_FIN', ISN, 0, SYN | FIN), []));
    it('GUEST_BACKLOG: more connections than may wait', () => {
      for (let port = 2000; port < 2010; port++) {
        s.sendFrom(port, PORT, ISN, 0, SYN);
      }
      assert.ok(lab.drops('GUEST_BACKLOG') > 0);
    });
  });

  describe('SYN-SENT', () => {
    /** Has the guest connect to us; its SYN. */
    function connecting(): { readonly sport: number; readonly seq: number } {
      s.seen = [];
      lab.type(`nc 10.0.2.2 1000\n`);
      lab.sleep(0.01);
      const [syn] = s.seen;
      assert.equal(syn?.flags, SYN);
      return syn;
    }

    for (const [reason, ack, flags, answer] of [
      ['TCP_BAD_ACK', 5, SYN | ACK, [RST]],
      ['TCP_BAD_RST', 5, RST | ACK, []],
      ['TCP_BAD_RST', 1, RST, []],
      ['TCP_NO_SYN', 1, ACK, []],
    ] as const) {
      it(`${reason}: flags ${flags}, ${ack} acknowledged`, () => {
        const { sport, seq } = connecting();
        const answers = s.send(sport, ISN, seq + ack, flags);
        assert.equal(lab.drops(reason), 1, lab.reasons());
        assert.deepEqual(
          answers.map((p) => p.flags),
          answer,
        );
      });
    }
  });

  describe('SYN-RECEIVED', () => {
    for (const offset of [0, 9]) {
      it(`TCP_BAD_ACK: ${offset} behind our number is acknowledged, which a reset answers`, () => {
        lab.sh(`nc -lp ${PORT} > got &`);
        const [synack] = s.send(PORT, ISN, 0, SYN);
        assert.equal(synack?.flags, SYN | ACK);
        assert.deepEqual(refused('TCP_BAD_ACK', ISN + 1, synack.seq + offset, ACK), [RST]);
      });
    }
  });

  describe('ESTABLISHED', () => {
    let una: number;
    const seq = ISN + 1;

    beforeEach(() => {
      lab.sh(`nc -lp ${PORT} > got &`);
      una = s.open(PORT);
    });

    it('TCP_OUT_OF_WINDOW: beyond the window', () =>
      assert.deepEqual(refused('TCP_OUT_OF_WINDOW', seq + 200_000, una, PSH_ACK, 'x'), [ACK]));
    it('TCP_OUT_OF_WINDOW: at its end', () =>
      assert.deepEqual(refused('TCP_OUT_OF_WINDOW', seq + 65_535, una, PSH_ACK, 'x'), [ACK]));
    it('TCP_DUPLICATE: what was received before', () => {
      s.send(PORT, seq, una, PSH_ACK, 'abc');
      assert.deepEqual(refused('TCP_DUPLICATE', seq, una, PSH_ACK, 'abc'), [ACK]);
      assert.deepEqual(refused('TCP_DUPLICATE', seq, una, PSH_ACK, 'ab'), [ACK]);
    });
    it('TCP_DUPLICATE: out of order, twice', () => {
      s.send(PORT, seq + 3, una, PSH_ACK, 'def');
      refused('TCP_DUPLICATE', seq + 3, una, PSH_ACK, 'def');
      refused('TCP_DUPLICATE', seq, una, PSH_ACK, 'abcdefghi');
      assert.equal(lab.file('/root/got').toString(), 'abcdefghi');
    });
    it('TCP_BAD_RST: a reset inside the window, which is challenged', () =>
      assert.deepEqual(refused('TCP_BAD_RST', seq + 5, una, RST), [ACK]));
    it('TCP_BAD_SYN: a SYN, which is challenged', () =>
      assert.deepEqual(refused('TCP_BAD_SYN', seq, una, SYN | ACK), [ACK]));
    it('TCP_NO_ACK: no ACK', () => assert.deepEqual(refused('TCP_NO_ACK', seq, 0, 8, 'x'), []));
    it('TCP_ACK_UNSENT: what was not sent is acknowledged', () =>
      assert.deepEqual(refused('TCP_ACK_UNSENT', seq, una + 1000, PSH_ACK, 'x'), [ACK]));
    it('TCP_REASS_FULL: too many segments out of order', () => {
      for (let i = 1; i <= 128; i++) {
        s.send(PORT, seq + 2 * i, una, PSH_ACK, 'x', 65535, 0.001);
      }
      refused('TCP_REASS_FULL', seq + 300, una, PSH_ACK, 'x');
    });
    it('TCP_AFTER_FIN: data behind the FIN of its sender', () => {
      s.send(PORT, seq, una, FIN_ACK);
      assert.deepEqual(refused('TCP_AFTER_FIN', seq + 1, una, PSH_ACK, 'x'), [ACK]);
    });
    it('TCP_AFTER_CLOSE: data for a program that has ended, which is reset', () => {
      lab.sh('kill 4 5 6');
      assert.ok(refused('TCP_AFTER_CLOSE', seq, una, PSH_ACK, 'x').includes(RST));
    });
  });

  it('GUEST_RCVBUF: data into a closed window', () => {
    lab.sh(`nc -lp ${PORT} | sleep 1000 &`);
    const una = s.open(PORT);
    let seq = ISN + 1;
    for (let window = 65535; window > 0; ) {
      const data = 'x'.repeat(Math.min(1000, window));
      window = s.send(PORT, seq, una, PSH_ACK, data, 65535, 0.1).at(-1)?.window ?? window;
      seq += data.length;
    }
    refused('GUEST_RCVBUF', seq, una, PSH_ACK, 'x');
  });

  describe('TIME-WAIT', () => {
    const seq = ISN + 1;
    let una: number;

    beforeEach(() => {
      lab.sh(`nc -lp ${PORT} > got &`);
      una = s.open(PORT);
      lab.sh('kill 4 5 6');
      s.send(PORT, seq, una + 1, FIN_ACK);
      assert.match(lab.sh('netstat -tan'), /TIME_WAIT/);
    });

    it('TCP_DUPLICATE: a FIN again, which is acknowledged again', () =>
      assert.deepEqual(refused('TCP_DUPLICATE', seq, una + 1, FIN_ACK), [ACK]));
    it('TCP_AFTER_FIN: data behind it', () =>
      assert.deepEqual(refused('TCP_AFTER_FIN', seq + 1, una + 1, PSH_ACK, 'x'), [ACK]));
    it('TCP_TIME_WAIT: a reset does not shorten the wait', () => {
      assert.deepEqual(refused('TCP_TIME_WAIT', seq + 1, una + 1, RST), []);
      assert.match(lab.sh('netstat -tan'), /TIME_WAIT/);
    });
  });

  it('TCP_NO_CONN, GUEST_NO_LISTENER: there is no such connection', () => {
    assert.deepEqual(refused('TCP_NO_CONN', ISN, 5, ACK), [RST]);
    assert.deepEqual(refused('GUEST_NO_LISTENER', ISN, 0, SYN), [RST | ACK]);
  });
});
