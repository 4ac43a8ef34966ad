/**
 * `npm run -s slirp-replay -- IN.pcap OUT.pcap [options]`: what the user network answers to the guest's frames of a
 * capture.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readCapture } from '../../adapter/packets/capture.ts';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { parseReplayArgs, USAGE, UsageError } from './replay-args.ts';
import { replay } from './slirp-replayer.ts';

function main(argv: readonly string[]): number {
  if (argv.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { files, options } = parseReplayArgs(argv);
  const [input, output] = files;
  if (files.length !== 2 || input === undefined || output === undefined) {
    throw new UsageError(`two files are needed, ${files.length} given\n${USAGE}`);
  }
  const capture = readCapture(readFileSync(input));
  for (const warning of capture.warnings) {
    process.stderr.write(`${input}: ${warning}\n`);
  }
  // Times relative to the first packet: nanoseconds since 1970 do not fit a double.
  const sec = capture.packets[0]?.tsSec ?? 0;
  const frames = capture.packets.map((p) => ({ ns: (p.tsSec - sec) * 1e9 + p.tsNsec, data: p.data }));
  // A capture without frames is what is left if the network refuses its settings.
  writeFileSync(output, writePcap([]));
  const result = replay(frames, options);
  const base = frames[0]?.ns ?? 0;
  const packets = result.frames.map((f) => {
    const ns = f.ns + base;
    return { tsSec: sec + Math.floor(ns / 1e9), tsNsec: ns % 1e9, data: f.data };
  });
  writeFileSync(output, writePcap(packets));
  process.stderr.write(result.info);
  const { framesIn, skipped, acksRebased, virtualS } = result;
  const summary = {
    impl: 'pktgdb',
    frames_in: framesIn,
    frames_out: packets.length,
    skipped,
    acks_rebased: acksRebased,
    virtual_s: virtualS,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (err) {
  process.stderr.write(`slirp-replay: ${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = err instanceof UsageError ? 2 : 1;
}
