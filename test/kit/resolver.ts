/** A name server for guests. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** The answer of 192.0.2.7 to a query for an address, of nothing to others (RFC 1035, section 4.1). */
export function answerTo(query: Buffer): Buffer {
  const address = query.readUInt16BE(query.length - 4) === 1;
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  const reply = Buffer.concat([query, address ? answer : Buffer.alloc(0)]);
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(address ? 1 : 0, 6);
  return reply;
}

/** A message behind its length, as DNS has it over TCP (RFC 1035, section 4.2.2). */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

export interface Resolver {
  readonly port: number;
  close(): void;
}

/** A name server on 127.0.0.1, over UDP and TCP at the same port. */
export async function resolver(): Promise<Resolver> {
  const tcp = createServer((s) => {
    let got = Buffer.alloc(0);
    s.on('data', (data) => {
      got = Buffer.concat([got, data]);
      if (got.length >= 2 && got.length === 2 + got.readUInt16BE(0)) {
        s.end(framed(answerTo(got.subarray(2))));
      }
    });
  }).listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (data, from) => udp.send(answerTo(data), from.port, from.address));
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  return {
    port,
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}
