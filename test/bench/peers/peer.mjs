/** The same as peer.c, for computers without a C compiler. It costs more, so the figures are lower. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

const [what, count = '0', conc = '1', closes] = process.argv.slice(2);

function finish(result) {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ result, user_s: user / 1e6, sys_s: system / 1e6 })}\n`, () =>
    process.exit(0),
  );
}

async function readPort() {
  const [line] = await once(createInterface({ input: process.stdin }), 'line');
  return Number(line);
}

function echo() {
  const s = createSocket('udp4');
  s.on('message', (data, from) => (data.length === 1 ? finish(0) : s.send(data, from.port, from.address)));
  s.bind(0, '127.0.0.1', () => console.log(s.address().port));
}

function sink() {
  let total = 0;
  const server = createServer((s) => {
    s.on('data', (data) => {
      total += data.length;
    });
    s.on('end', () => finish(total));
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

async function source(left) {
  const chunk = Buffer.from(Uint8Array.from({ length: 262144 }, (_, i) => i * 31));
  const s = connect(await readPort(), '127.0.0.1');
  s.on('error', () => finish(-1));
  s.resume();
  while (left > 0) {
    const n = Math.min(left, chunk.length);
    left -= n;
    if (!s.write(chunk.subarray(0, n))) {
      await once(s, 'drain');
    }
  }
  s.end();
  await once(s, 'close');
  finish(0);
}

async function connection(port) {
  const s = connect({ port, host: '127.0.0.1', noDelay: true });
  let got = 0;
  s.on('error', () => undefined);
  s.write(Buffer.alloc(100, 'q'));
  for await (const data of s) {
    got += data.length;
    if (got >= 100 && !closes) {
      break;
    }
  }
  s.destroy();
  return got === 100;
}

async function connections() {
  const port = await readPort();
  let bad = 0;
  const clients = Array.from({ length: Number(conc) }, async () => {
    for (let i = 0; i < Math.floor(Number(count) / Number(conc)); i++) {
      bad += (await connection(port)) ? 0 : 1;
    }
  });
  await Promise.all(clients);
  finish(bad);
}

await { echo, sink, source: () => source(Number(count)), conn: connections }[what]();
