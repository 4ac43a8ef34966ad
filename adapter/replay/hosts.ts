/** The hosts of a capture: who sends IP packets, and what speaks for one of them being the guest. */
import { formatEther, formatIpv4, formatIpv6 } from '../packets/format.ts';
import type { TcpIpView } from '../packets/tcp-ip-view.ts';

/** Hosts that are told apart; a capture with more of them (a scan with forged addresses) counts the rest as one. */
const MAX_HOSTS = 1 << 18;

/** An address of the capture. Ids count from 1; 0 is no host, or one too many. */
export class CaptureHost {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /**
   * MAC address that it sends from, the first one seen; -1 without Ethernet or on a loopback interface, where it is 0.
   */
  mac = -1;
  /** TCP connections that it opens, and takes part in. */
  opens = 0;
  connections = 0;
  /** Packets that it sends, and that go to it. */
  sent = 0;
  received = 0;
  /** Of these, packets that are both. */
  toItself = 0;
  /** Packets that the link layer marks as sent by the capturing host from here, or as received by it here. */
  local = 0;
  /** It answers DHCP. */
  servesDhcp = false;
  constructor(address: Uint8Array) {
    this.address = address;
  }

  get packets(): number {
    return this.sent + this.received - this.toItself;
  }

  get text(): string {
    return formatAddress(this.address);
  }
}

/** An address as people write it. */
export function formatAddress(address: Uint8Array): string {
  return address.length === 4 ? formatIpv4(ipv4Number(address)) : formatIpv6(address);
}

/** The 32-bit number of an IPv4 address. */
export function ipv4Number(a: Uint8Array): number {
  return (((a[0] ?? 0) << 24) | ((a[1] ?? 0) << 16) | ((a[2] ?? 0) << 8) | (a[3] ?? 0)) >>> 0;
}

/** True for addresses of groups and of everybody: they are nobody's own. */
export function isGroup(a: Uint8Array): boolean {
  return a.length === 4 ? (a[0] ?? 0) >= 224 : a[0] === 0xff;
}

export class HostTable {
  /** By id. No address of a packet has id 0, which stands for none. */
  readonly hosts: CaptureHost[] = [new CaptureHost(new Uint8Array(4))];
  readonly #ipv4 = new Map<number, number>();
  readonly #ipv6 = new Map<string, number>();

  /** The id of the address at `at` of a packet that is IPv4 or IPv6. */
  idAt(p: TcpIpView, at: number): number {
    if (p.ip >= 0) {
      // Signed, since V8 makes objects of larger numbers.
      const addr = p.u32(at) | 0;
      return this.#ipv4.get(addr) ?? this.#add(this.#ipv4, addr, p.buf.slice(at, at + 4));
    }
    const key = `${p.u32(at)} ${p.u32(at + 4)} ${p.u32(at + 8)} ${p.u32(at + 12)}`;
    return this.#ipv6.get(key) ?? this.#add(this.#ipv6, key, p.buf.slice(at, at + 16));
  }

  get(id: number): CaptureHost {
    return this.hosts[id] ?? (this.hosts[0] as CaptureHost);
  }

  #add<K>(map: Map<K, number>, key: K, address: Uint8Array): number {
    if (this.hosts.length > MAX_HOSTS) {
      return 0;
    }
    map.set(key, this.hosts.length);
    this.hosts.push(new CaptureHost(address));
    return this.hosts.length - 1;
  }

  /** Ids of the hosts that `text` names: an address, or a MAC address that they send from. */
  named(text: string): number[] {
    const wanted = text.trim().toLowerCase();
    return this.hosts.flatMap((h, id) =>
      id > 0 && (h.text === wanted || (h.mac >= 0 && formatEther(h.mac) === wanted)) ? [id] : [],
    );
  }
}
