/** The thread of a machine whose link between guest and user network may be bad: the release build on the live host. */

import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { LiveHost } from '../../adapter/inferior/live-host.ts';
import type { MailboxBuffers } from '../../adapter/mailbox/mailbox.ts';
import type { NetClientInfo } from '../../adapter/stack/net/net_client.ts';
import type { Slirp, SlirpCb } from '../../adapter/stack/slirp/slirp.ts';
import type * as MachineModule from '../../adapter/stack/softmmu/machine.ts';
import type * as MainModule from '../../adapter/stack/softmmu/main.ts';
import type { sockaddr } from '../../adapter/stack/util/host.ts';
import { FaultyLink } from '../kit/faulty-link.ts';

export interface LiveMachineData {
  readonly stackDir: string;
  readonly mailbox: MailboxBuffers;
  readonly argv: readonly string[];
  readonly nameservers: readonly sockaddr[];
  readonly seed: number;
  /** One frame in so many suffers each kind of fault; 0: none. */
  readonly faultRate: number;
}

export type LiveMachineMessage = { readonly type: 'ring' } | { readonly type: 'exit'; readonly faults: number };

const data = workerData as LiveMachineData;
const post = (m: LiveMachineMessage): void => parentPort!.postMessage(m);
Object.defineProperty(globalThis, '__pktgdb', {
  value: { A: new Uint8Array(1), E: new Uint8Array(1), T: new Float64Array(2), D: [], tick: () => 0, module: () => 0 },
});
const load = <T>(module: string): Promise<T> => import(pathToFileURL(`${data.stackDir}/${module}`).href) as Promise<T>;
const { main } = await load<typeof MainModule>('softmmu/main.js');
const { machine } = await load<typeof MachineModule>('softmmu/machine.js');

const toSlirp = new FaultyLink(data.seed, data.faultRate);
const toGuest = new FaultyLink(data.seed + 1, data.faultRate);

/** Puts the bad link between the user network and its net client. */
function spoil(): void {
  for (const s of machine.net.slirp_stacks) {
    const { send_packet: sendPacket } = s.slirp.cb;
    const bad: SlirpCb = { send_packet: (o, buf, size) => toGuest.pass(buf, size, (b, n) => sendPacket(o, b, n)) };
    (s.slirp as { -readonly [K in keyof Slirp]: Slirp[K] }).cb = bad;
    const info = s.nc.info;
    const receive: NonNullable<NetClientInfo['receive']> = (nc, buf, size) => {
      toSlirp.pass(buf, size, (b, n) => info.receive!(nc, b, n));
      return size;
    };
    Object.assign(s.nc, { info: { ...info, receive } });
  }
}

class Host extends LiveHost {
  #spoiled = false;
  override poll(timeoutNs: number): ReturnType<LiveHost['poll']> {
    if (!this.#spoiled && data.faultRate > 0) {
      this.#spoiled = true;
      spoil();
    }
    return super.poll(timeoutNs);
  }
}

const host = new Host(data.mailbox, data.seed, data.nameservers, {
  now: () => performance.now(),
  ring: () => post({ type: 'ring' }),
  pause: () => undefined,
  allocShared: (_name, bytes) => new SharedArrayBuffer(bytes),
  frame: () => undefined,
});
main(data.argv.length, data.argv, host);
post({ type: 'exit', faults: toSlirp.faults + toGuest.faults });
