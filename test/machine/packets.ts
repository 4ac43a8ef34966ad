/** Packets of a stream that has their lengths in front, as `-netdev stream` and `filter-mirror` speak. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

export class Packets {
  #buffer = Buffer.alloc(0);
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, data]);
    });
  }

  async next(): Promise<Buffer> {
    while (this.#buffer.length < 4 || this.#buffer.length < 4 + this.#buffer.readUInt32BE(0)) {
      await once(this.#socket, 'data');
    }
    const end = 4 + this.#buffer.readUInt32BE(0);
    const packet = this.#buffer.subarray(4, end);
    this.#buffer = this.#buffer.subarray(end);
    return packet;
  }

  send(packet: Buffer): void {
    this.#socket.write(Packets.framed(packet));
  }

  /** A packet behind its length. */
  static framed(packet: Buffer): Buffer {
    const header = Buffer.alloc(4);
    header.writeUInt32BE(packet.length);
    return Buffer.concat([header, packet]);
  }
}
