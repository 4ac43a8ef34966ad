/** A guest that runs on while the debugger stands still, as QEMU does without QMP: its frames wait, up to a bound. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Session } from '../core/session.ts';
import { arp, GUEST_IP, HOST_IP, icmp } from '../kit/frames.ts';
import { quiet, until } from '../kit/until.ts';
import { framed, rawGuest } from './raw-guest.ts';

const FRAMES = 20_000;
const DATA = 1000;
/** What the link keeps while nobody listens (docs/qemu.md), and room for what the system keeps of a socket. */
const BOUND = (4 << 20) + (2 << 20);

describe('a guest that is not stopped with the debugger', function () {
  this.timeout(120_000);
  let s: Session;
  let guest: Socket;

  before(async () => {
    s = await Session.create();
    guest = await rawGuest(s);
  });
  after(async () => {
    guest.destroy();
    await s.dispose();
  });

  it('has its console elsewhere', () => {
    assert.throws(() => s.engine.guestInput('ls\n'), /console of the guest is not here/);
  });

  it('has its frames wait, no more of them than the bound, and all answered when it goes on', async () => {
    let received = 0;
    guest.on('data', (bytes: Buffer) => {
      received += bytes.length;
    });
    s.break('arp_input', undefined, { temporary: true });
    guest.write(framed(arp(1, GUEST_IP, HOST_IP)));
    await s.stop();
    const echo = framed(icmp(8, 0, Buffer.alloc(4), Buffer.alloc(DATA)));
    let taken = 0;
    const send = (): void => {
      taken += echo.length;
      if (taken < FRAMES * echo.length) {
        guest.write(echo, send);
      }
    };
    guest.write(echo, send);
    await quiet(() => taken, 500);
    assert.ok(taken > 0 && taken < BOUND, `${taken} bytes of ${FRAMES * echo.length} were taken`);
    await s.resume();
    const answers = FRAMES * echo.length;
    await until(() => received >= answers, 'every echo is answered', 60_000);
  });
});
