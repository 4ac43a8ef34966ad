/**
 * `npx tsx test/tools/record-layers.ts`: writes `test/packets/layers.json`, what tshark says of the packets of
 * `layer-samples.ts`: the columns, and the values of all fields that both know.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePcap } from '../../adapter/packets/pcap.ts';
import { LAYERS } from '../packets/layer-samples.ts';
import { comparableFields, tsharkPackets } from './tshark.ts';

/** Fields that other tables have; of these the addresses show that tunnels have several. */
const ELSEWHERE = /^(frame|eth|ip|ipv6|tcp|udp|icmp|dns|_ws|data)(\.|$)/;
const HERE = [
  ...['ip.src', 'ip.dst', 'ipv6.src', 'frame.protocols', 'eth.padding', 'eth.trailer', 'eth.fcs'],
  ...['icmp.data_time', 'icmp.data_time_relative', 'data.len'],
];
const known = new Set(comparableFields('').filter((name) => !ELSEWHERE.test(name) || HERE.includes(name)));
const folder = mkdtempSync(join(tmpdir(), 'layers-'));
const captures: Record<string, unknown> = {};
for (const [name, frames] of Object.entries(LAYERS)) {
  const path = join(folder, `${name}.pcap`);
  writeFileSync(path, writePcap(frames.map((data, i) => ({ data, tsSec: 1 + i, tsNsec: 0 }))));
  captures[name] = tsharkPackets(path, frames.length, '').map(({ protocol, info, fields }) => ({
    protocol,
    info,
    fields: Object.fromEntries(Object.entries(fields).filter(([field]) => known.has(field))),
  }));
}
rmSync(folder, { recursive: true });
const [version = ''] = execFileSync('tshark', ['--version'], { encoding: 'utf8' }).split('\n');
// A packet a line.
const text = JSON.stringify({ version, captures }).replaceAll('{"protocol"', '\n{"protocol"');
writeFileSync(new URL('../packets/layers.json', import.meta.url), `${text}\n`);
