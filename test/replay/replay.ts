/** Replays for tests. */

import { type ByteSource, memorySource } from '../../adapter/packets/byte-source.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { TcpIpView } from '../../adapter/packets/tcp-ip-view.ts';
import { TRACE_NAMESERVERS } from '../../adapter/replay/args.ts';
import type { ReplayPlan } from '../../adapter/replay/plan.ts';
import { finish, type PreparedCapture, planOf, prepareCapture } from '../../adapter/replay/prepare.ts';
import { Script } from '../../adapter/replay/script.ts';
import type { ScriptOptions } from '../../adapter/replay/script-context.ts';
import type { Step } from '../../adapter/replay/step.ts';
import type { FrameDirection, Host, Input } from '../../adapter/stack/util/host.ts';
import { packetsOf } from '../packets/samples.ts';

/** A capture that has been read, and what will be done with it. */
export interface Planned extends PreparedCapture {
  readonly plan: ReplayPlan;
}

/** Reads and plans a capture. `guest` is the user's word. */
export function planned(capture: Uint8Array | ByteSource, guest?: string): Planned {
  const source = capture instanceof Uint8Array ? memorySource(capture) : capture;
  const prepared = finish(prepareCapture(source));
  return { ...prepared, plan: planOf(prepared, guest) };
}

/** The same of a capture of test/traces. */
export function plannedTrace(name: string): Planned {
  return planned(writePcap(packetsOf(name)));
}

/** All steps of a script, which ends up at its end. */
export function stepsOf({ source, index, plan }: Planned, options?: ScriptOptions): { steps: Step[]; script: Script } {
  const script = new Script(source, index, plan, options);
  const steps: Step[] = [];
  for (let step = script.shift(); step; step = script.shift()) {
    steps.push(step);
  }
  return { steps, script };
}

/** What is outside of a replay: keeps what the machine says, and the frames. */
export class Outside implements Host {
  now_ns = 0;
  seed = 1;
  nameservers = TRACE_NAMESERVERS;
  readonly reports: string[] = [];
  readonly frames: { dir: FrameDirection; data: Uint8Array }[] = [];
  readonly files = new Map<string, Buffer>();
  console = '';
  onFrame: (dir: FrameDirection) => void = () => {};
  poll(): readonly Input[] {
    return [];
  }
  alloc_shared(_name: string, bytes: number): ArrayBufferLike {
    return new SharedArrayBuffer(bytes);
  }
  frame(dir: FrameDirection, buf: Uint8Array, size: number): void {
    this.frames.push({ dir, data: buf.slice(0, size) });
    this.onFrame(dir);
  }
  write_file(path: string, create: boolean, buf: Uint8Array, off: number, len: number): void {
    const before = create ? Buffer.alloc(0) : this.files.get(path)!;
    this.files.set(path, Buffer.concat([before, buf.subarray(off, off + len)]));
  }
  report(level: string, text: string): void {
    this.reports.push(`${level}: ${text}`);
  }
  console_write(text: string): void {
    this.console += text;
  }
  listen(): { errno: string; port: number } {
    throw new Error('a replay opens no socket');
  }
  connect(): void {
    throw new Error('a replay opens no socket');
  }
  open(): void {
    throw new Error('a replay opens no socket');
  }
  send(): void {}
  sendto(): void {}
  consumed(): void {}
  shutdown(): void {}
  close(): void {}
  monitor_reply(): void {}
}

/** True for frames that the user network sent. */
export function fromSlirp(data: Uint8Array): boolean {
  return data[6] === 0x52 && (data[7] === 0x55 || data[7] === 0x56);
}

/**
 * TCP payload by connection of those of `frames` that `keep` takes, in the order of the sequence numbers,
 * retransmissions once.
 */
export function streams(frames: readonly Uint8Array[], keep: (data: Uint8Array) => boolean): Map<string, Buffer> {
  const out = new Map<string, { iss: number; bytes: Buffer }>();
  const p = new TcpIpView();
  for (const data of frames.filter(keep)) {
    p.set(data, 0, data.length, 'ethernet').find();
    if (p.tcp < 0) {
      continue;
    }
    const key = `${p.u16(p.tcp)} ${p.u16(p.tcp + 2)}`;
    const seq = p.u32(p.tcp + 4);
    if (p.u8(p.tcp + 13) & 2) {
      out.set(key, { iss: seq, bytes: out.get(key)?.bytes ?? Buffer.alloc(0) });
    }
    const s = out.get(key);
    const from = s ? (seq - s.iss - 1) >>> 0 : 0;
    const payload = p.bytes(p.payload, p.payloadEnd);
    if (s && from <= s.bytes.length && from + payload.length > s.bytes.length) {
      s.bytes = Buffer.concat([s.bytes, payload.subarray(s.bytes.length - from)]);
    }
  }
  return new Map([...out].map(([k, v]) => [k, v.bytes]));
}
