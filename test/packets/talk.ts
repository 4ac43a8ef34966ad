/** Datagrams and connections between the guest and the host, for samples of packets. */
import { ACK, bytes, type Data, PSH, SYN, TO_GUEST, tcp, udp } from '../kit/frames.ts';

/** Datagrams with one number each, so that nothing differs from run to run. */
export const PLAIN = { id: 1 };
export const ANSWER = { ...TO_GUEST, id: 2 };

/** A datagram to a port, and one from it. */
export const ask = (port: number, data: Data): Uint8Array => udp(40000, port, data, PLAIN);
export const tell = (port: number, data: Data): Uint8Array => udp(port, 40000, data, ANSWER);

/** A whole connection: the handshake, then what each side says in turn; `<` goes to the client. */
export function talk(port: number, ...said: (readonly ['>' | '<', Data])[]): Uint8Array[] {
  const out = [
    tcp(40000, port, SYN, 1000, 0, PLAIN),
    tcp(port, 40000, SYN | ACK, 5000, 1001, ANSWER),
    tcp(40000, port, ACK, 1001, 5001, PLAIN),
  ];
  const next = { '>': 1001, '<': 5001 };
  for (const [way, data] of said) {
    const other = way === '>' ? '<' : '>';
    const o = way === '>' ? { ...PLAIN, data } : { ...ANSWER, data };
    const [from, to] = way === '>' ? [40000, port] : [port, 40000];
    out.push(tcp(from, to, PSH | ACK, next[way], next[other], o));
    next[way] += bytes(data).length;
  }
  return out;
}
