/**
 * Plays a capture on the machine and writes what came of it as JSON: `replay-main.ts CAPTURE [QEMU OPTION...]`. One
 * process a replay, since a process has one machine.
 */
import { readFileSync } from 'node:fs';
import { TraceHost } from '../../adapter/inferior/trace-host.ts';
import { readCapture } from '../../adapter/packets/capture.ts';
import { replayArgs } from '../../adapter/replay/args.ts';
import { readTrace } from '../../adapter/replay/trace.ts';
import { machine } from '../../adapter/stack/softmmu/machine.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { Outside } from './replay.ts';

const [file = '', ...options] = process.argv.slice(2);
const capture = readCapture(readFileSync(file));
const args = ['pktgdb', ...replayArgs(readTrace(capture), options)];
const outside = new Outside();
const code = main(args.length, args, new TraceHost(capture, outside, args));
const frames = outside.frames.map((f) => [f.dir, Buffer.from(f.data).toString('base64')]);
const { turns, drops, cpu } = machine;
const files = [...outside.files].map(([path, data]) => [path, data.toString('base64')]);
const result = { code, turns, reports: outside.reports, drops: [...drops.by_reason], frames, guest: cpu.guest, files };
process.stdout.write(JSON.stringify(result));
