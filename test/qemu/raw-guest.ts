/** A guest's end of the link, without a QEMU. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { qemuSession } from '../../adapter/qemu/session.ts';
import type { Session } from '../core/session.ts';

/** Starts a network for a guest, and connects where that one's QEMU would. */
export async function rawGuest(s: Session): Promise<Socket> {
  const { links, args, guests } = await qemuSession(['']);
  await s.engine.launch({ args, guests: guests() });
  const address = links[0]?.address;
  assert.ok(address?.kind === 'unix');
  const guest = connect(address.path);
  await once(guest, 'connect');
  return guest;
}

/** A frame as `-netdev stream` sends it: behind its length, 32 bits in network order. */
export function framed(frame: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  return Buffer.concat([length, frame]);
}
