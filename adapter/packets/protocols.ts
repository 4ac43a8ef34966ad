/**
 * The list of protocols. Its order decides where two may take the same bytes: the first one that fits does. A new
 * protocol is a file of `protocols/` and a line here.
 */
import type { Protocol } from './protocol.ts';
import { amqp } from './protocols/amqp.ts';
import { arp } from './protocols/arp.ts';
import { bfd } from './protocols/bfd.ts';
import { bgp } from './protocols/bgp.ts';
import { bitcoin } from './protocols/bitcoin.ts';
import { bittorrent, btDht, lsd } from './protocols/bittorrent.ts';
import { browser } from './protocols/browser.ts';
import { capwap } from './protocols/capwap.ts';
import { cdp } from './protocols/cdp.ts';
import { data } from './protocols/data.ts';
import { cql, memcache, resp, tds } from './protocols/databases.ts';
import { dhcp } from './protocols/dhcp.ts';
import { dhcpv6 } from './protocols/dhcpv6.ts';
import { dns, llmnr, mdns } from './protocols/dns.ts';
import { drda } from './protocols/drda.ts';
import { dropbox } from './protocols/dropbox.ts';
import { dtls } from './protocols/dtls.ts';
import { dtp } from './protocols/dtp.ts';
import { eapol } from './protocols/eapol.ts';
import { eigrp } from './protocols/eigrp.ts';
import { ah, esp } from './protocols/esp.ts';
import { ethernet } from './protocols/ethernet.ts';
import { fix } from './protocols/fix.ts';
import { frame } from './protocols/frame.ts';
import { ftp, ftpData } from './protocols/ftp.ts';
import { geneve } from './protocols/geneve.ts';
import { gquic } from './protocols/gquic.ts';
import { gre } from './protocols/gre.ts';
import { gtp } from './protocols/gtp.ts';
import { chdlc, frameRelay, slarp } from './protocols/hdlc.ts';
import { hsrp } from './protocols/hsrp.ts';
import { http } from './protocols/http.ts';
import { CONTENTS } from './protocols/http-content.ts';
import { icmp } from './protocols/icmp.ts';
import { icmpv6 } from './protocols/icmpv6.ts';
import { radiotap, wlan } from './protocols/ieee80211.ts';
import { igmp } from './protocols/igmp.ts';
import { imap } from './protocols/imap.ts';
import { ip } from './protocols/ip.ts';
import { ipv6 } from './protocols/ipv6.ts';
import { ipx } from './protocols/ipx.ts';
import { isakmp } from './protocols/isakmp.ts';
import { kerberos } from './protocols/kerberos.ts';
import { l2tp } from './protocols/l2tp.ts';
import { ldp } from './protocols/ldp.ts';
import { ipnet, ipoib, nflog } from './protocols/link-headers.ts';
import { aoe, lacp, loop, msnlb, ptp, realtek, udld } from './protocols/link-services.ts';
import { llc } from './protocols/llc.ts';
import { lldp } from './protocols/lldp.ts';
import { rtsp, syslog } from './protocols/media-control.ts';
import { coap, openflow } from './protocols/messaging.ts';
import { mipv6 } from './protocols/mipv6.ts';
import { modbus } from './protocols/modbus.ts';
import { mpls } from './protocols/mpls.ts';
import { mqtt } from './protocols/mqtt.ts';
import { NAMED } from './protocols/named.ts';
import { nbdgm } from './protocols/nbdgm.ts';
import { nbns } from './protocols/nbns.ts';
import { nbss } from './protocols/nbss.ts';
import { ntp } from './protocols/ntp.ts';
import { nullLoopback } from './protocols/null.ts';
import { esis, isis, osi } from './protocols/osi.ts';
import { ospf } from './protocols/ospf.ts';
import { otherLink } from './protocols/other-link.ts';
import { pgm } from './protocols/pgm.ts';
import { pim } from './protocols/pim.ts';
import { pop } from './protocols/pop.ts';
import { ccp, ipcp, ipv6cp, lcp, ppp } from './protocols/ppp.ts';
import { pppoe, pppoed } from './protocols/pppoe.ts';
import { quic } from './protocols/quic.ts';
import { radius } from './protocols/radius.ts';
import { raw } from './protocols/raw.ts';
import { git, tpkt, whois } from './protocols/remote.ts';
import { rip } from './protocols/rip.ts';
import { rtcp, rtp } from './protocols/rtp.ts';
import { rx } from './protocols/rx.ts';
import { sctp } from './protocols/sctp.ts';
import { sip } from './protocols/sip.ts';
import { sll, sll2 } from './protocols/sll.ts';
import { smb } from './protocols/smb.ts';
import { smb2 } from './protocols/smb2.ts';
import { smtp } from './protocols/smtp.ts';
import { snmp } from './protocols/snmp.ts';
import { ssdp } from './protocols/ssdp.ts';
import { ssh } from './protocols/ssh.ts';
import { stp } from './protocols/stp.ts';
import { stun } from './protocols/stun.ts';
import { tcp } from './protocols/tcp.ts';
import { dnp3, enip, iec104 } from './protocols/telecontrol.ts';
import { telnet } from './protocols/telnet.ts';
import { teredo } from './protocols/teredo.ts';
import { tftp } from './protocols/tftp.ts';
import { tls } from './protocols/tls.ts';
import { babel, dccp, mplsEcho, rsvp, sflow } from './protocols/transports.ts';
import { udp } from './protocols/udp.ts';
import { udpencap } from './protocols/udpencap.ts';
import { qinq, vlan } from './protocols/vlan.ts';
import { vnc } from './protocols/vnc.ts';
import { openvpn, pptp } from './protocols/vpn.ts';
import { vrrp } from './protocols/vrrp.ts';
import { vxlan } from './protocols/vxlan.ts';
import { wireguard } from './protocols/wireguard.ts';

export const PROTOCOLS: readonly Protocol[] = linked([
  frame,
  ethernet,
  raw,
  sll,
  sll2,
  nullLoopback,
  otherLink,
  vlan,
  qinq,
  llc,
  stp,
  lacp,
  loop,
  ptp,
  udld,
  aoe,
  realtek,
  msnlb,
  lldp,
  cdp,
  dtp,
  eapol,
  mpls,
  pppoed,
  l2tp,
  pppoe,
  ppp,
  lcp,
  ipcp,
  ipv6cp,
  ccp,
  wlan,
  radiotap,
  chdlc,
  slarp,
  frameRelay,
  ipoib,
  ipnet,
  nflog,
  osi,
  isis,
  esis,
  arp,
  ip,
  ipv6,
  icmp,
  icmpv6,
  igmp,
  gre,
  esp,
  ah,
  ospf,
  pim,
  pgm,
  mipv6,
  ipx,
  capwap,
  eigrp,
  vrrp,
  udp,
  tcp,
  sctp,
  dccp,
  rsvp,
  vxlan,
  geneve,
  dhcp,
  dns,
  mdns,
  llmnr,
  tftp,
  dhcpv6,
  ntp,
  nbns,
  nbdgm,
  snmp,
  ssdp,
  radius,
  rip,
  hsrp,
  bfd,
  bgp,
  mqtt,
  stun,
  sip,
  rtp,
  rtcp,
  dtls,
  gquic,
  quic,
  wireguard,
  teredo,
  udpencap,
  isakmp,
  gtp,
  syslog,
  coap,
  babel,
  mplsEcho,
  sflow,
  dropbox,
  nbss,
  smb,
  browser,
  smb2,
  modbus,
  ftp,
  ftpData,
  smtp,
  pop,
  imap,
  telnet,
  ssh,
  pptp,
  tpkt,
  whois,
  git,
  kerberos,
  tds,
  cql,
  memcache,
  resp,
  amqp,
  rx,
  lsd,
  dnp3,
  iec104,
  enip,
  ldp,
  ...NAMED,
  openflow,
  openvpn,
  bittorrent,
  bitcoin,
  drda,
  btDht,
  fix,
  vnc,
  rtsp,
  http,
  ...CONTENTS,
  tls,
  data,
]);

/** Gives each protocol its number and the protocols that it may carry. */
function linked(list: readonly Protocol[]): readonly Protocol[] {
  list.forEach((protocol, i) => {
    protocol.index = i;
  });
  // Several protocols carry what stands in the same table.
  const tables = new Map<string, ReturnType<typeof tableOf>>();
  const tableNamed = (name: string): ReturnType<typeof tableOf> => {
    const table = tables.get(name) ?? tableOf(list, name);
    tables.set(name, table);
    return table;
  };
  const nothing = Uint8Array.from(list, (other) => Number(other === data));
  for (const protocol of list) {
    const { carries, carriesByPort } = protocol.declaration;
    const name = carries ?? carriesByPort;
    const table = name === undefined ? undefined : tableNamed(name);
    protocol.reaches = table?.reached ?? nothing;
    if (carries !== undefined) {
      protocol.carried = table?.numbers ?? null;
    } else if (table) {
      protocol.carriedByPort = table.numbers;
      protocol.carriedAny = table.any;
    }
  }
  return list;
}

/** What stands in a table: by number, for any number, and which protocols may be found above, by index. */
function tableOf(list: readonly Protocol[], name: string) {
  return {
    numbers: numbered(list, name),
    any: list.filter((p) => anyOf(p, name)),
    reached: reached(list, name),
  };
}

/** Whether a protocol takes what no number of a table does. */
function anyOf(protocol: Protocol, table: string): boolean {
  const found = protocol.declaration.found[table];
  return found === 'any' || found?.includes('any') === true;
}

/** For each protocol whether it may be found somewhere above those that carry what stands in a table. */
function reached(list: readonly Protocol[], first: string): Uint8Array {
  const out = Uint8Array.from(list, (p) => Number(p === data));
  const tables = new Set([first]);
  for (const table of tables) {
    for (const { index, declaration } of list.filter((p) => p.declaration.found[table] !== undefined)) {
      out[index] = 1;
      const next = declaration.carries ?? declaration.carriesByPort;
      if (next !== undefined) {
        // Those that are added while the loop goes on are visited as well.
        tables.add(next);
      }
    }
  }
  return out;
}

/** The protocols of a table by number; of several for a number, the first. */
function numbered(list: readonly Protocol[], table: string): ReadonlyMap<number, Protocol> {
  const out = new Map<number, Protocol>();
  for (const protocol of list) {
    const numbers = protocol.declaration.found[table] ?? [];
    for (const n of numbers === 'any' ? [] : numbers) {
      if (n !== 'any') {
        out.set(n, out.get(n) ?? protocol);
      }
    }
  }
  return out;
}
