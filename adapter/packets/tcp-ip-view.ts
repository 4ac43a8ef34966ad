/** A packet for code that works on the headers of TCP/IP alone: where they are, as plain offsets. */
import { FIRST_FRAGMENT, LATER_FRAGMENT, type Layer } from './layer.ts';
import { PacketView } from './packet-view.ts';
import type { Protocol } from './protocol.ts';
import { arp } from './protocols/arp.ts';
import { ethernet } from './protocols/ethernet.ts';
import { icmp } from './protocols/icmp.ts';
import { icmpv6 } from './protocols/icmpv6.ts';
import { ip } from './protocols/ip.ts';
import { ipv6 } from './protocols/ipv6.ts';
import { tcp } from './protocols/tcp.ts';
import { udp } from './protocols/udp.ts';
import { vlan } from './protocols/vlan.ts';

/** Offsets are into `buf`; -1 says that the header is not there. They are those of the outermost layers. */
export class TcpIpView extends PacketView {
  get eth(): number {
    return this.#at(ethernet);
  }
  get arp(): number {
    return this.#at(arp);
  }
  get ip(): number {
    return this.#at(ip);
  }
  get ipv6(): number {
    return this.#at(ipv6);
  }
  get icmp(): number {
    return this.#at(icmp);
  }
  get icmpv6(): number {
    return this.#at(icmpv6);
  }
  get udp(): number {
    return this.#at(udp);
  }
  get tcp(): number {
    return this.#at(tcp);
  }

  /** The innermost Ethernet type; -1 without an Ethernet header. */
  get etherType(): number {
    return (this.first(vlan) ? this.layers().findLast((l) => l.protocol === vlan) : this.first(ethernet))?.key ?? -1;
  }
  /** What IP carries, also when it is a later fragment or of an unknown protocol. */
  get l4(): number {
    const l = this.#network();
    return l === null || l.key < 0 ? -1 : l.body;
  }
  /** First byte after the IP packet, without Ethernet's padding. */
  get l3End(): number {
    return this.#network()?.end ?? this.limit;
  }
  /** Protocol number of what IP carries (after IPv6's extension headers), or -1. */
  get proto(): number {
    return this.#network()?.key ?? -1;
  }
  /** True for any fragment: checksums of what it carries cannot be checked. */
  get fragment(): boolean {
    const l = this.#network();
    return l?.fragment === FIRST_FRAGMENT || l?.fragment === LATER_FRAGMENT;
  }
  /** True if it is a fragment that does not start its datagram. */
  get laterFragment(): boolean {
    return this.#network()?.fragment === LATER_FRAGMENT;
  }
  /** What UDP or TCP carries, `[payload, payloadEnd)`. */
  get payload(): number {
    return this.#transport()?.body ?? -1;
  }
  get payloadEnd(): number {
    return this.#transport()?.end ?? -1;
  }

  #at(protocol: Protocol): number {
    return this.first(protocol)?.at ?? -1;
  }

  #network(): Layer | null {
    return this.first(ip) ?? this.first(ipv6);
  }

  #transport(): Layer | null {
    return this.first(tcp) ?? this.first(udp);
  }
}
