/**
 * The call chains of real QEMU 7.2 with libslirp 4.7 (outermost first), where the layer exists here. Memory API, vCPU
 * and main-loop notifier frames are left out; `slirp_output` stands for slirp_send_packet_all > net_slirp_send_packet,
 * as in the seed session.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { Session } from './session.ts';

const MAIN = 'main > main_loop > main_loop_wait';
const POLL = `${MAIN} > slirp_pollfds_poll`;
const TIMER = `${MAIN} > qemu_clock_run_all_timers > qemu_clock_run_timers > timerlist_run_timers`;
/** From the sender's call to its queue. */
const ENQUEUE = 'qemu_send_packet > qemu_send_packet_async > qemu_send_packet_async_with_flags > qemu_net_queue_send';
const QSEND_HEAD = `${ENQUEUE} > qemu_net_queue_deliver`;
const QSEND = `${QSEND_HEAD} > qemu_deliver_packet_iov`;
const HUB =
  'net_hub_port_receive_iov > net_hub_receive_iov > qemu_sendv_packet > qemu_sendv_packet_async > ' +
  'qemu_net_queue_send_iov > qemu_net_queue_deliver_iov > qemu_deliver_packet_iov';
/** From the guest driver's TDT write; what is outside of it is the guest's own code. */
const XMIT = 'e1000_mmio_write > set_tctl > start_xmit > process_tx_desc > xmit_seg > e1000_send_packet';
const TX = `${XMIT} > ${QSEND} > nc_sendv_compat > net_slirp_receive > slirp_input`;
const RX = `if_output > if_start > if_encap > slirp_output > ${QSEND} > e1000_receive_iov`;

/** What happens in the guest or outside to make a chain run. */
type Trigger = (s: Session, servers: Servers) => void;

interface Servers {
  readonly hello: number;
  readonly refused: number;
  readonly udp: number;
}

interface Case {
  readonly what: string;
  readonly at: string;
  readonly condition?: string;
  readonly chain: string;
  /** Runs when the guest has its address; absent: it happens at boot. */
  readonly trigger?: Trigger;
}

const guest =
  (line: (servers: Servers) => string): Trigger =>
  (s, servers) =>
    s.guest(line(servers));
const ping = guest(() => 'ping -c 1 10.0.2.2');
const download = guest(({ hello }) => `nc 10.0.2.2 ${hello}`);
const upload = guest(({ hello }) => `echo some data | nc 10.0.2.2 ${hello}`);
const refused = guest(({ refused: port }) => `nc 10.0.2.2 ${port}`);
const datagram = guest(({ udp }) => `echo ping | nc -u 10.0.2.2 ${udp}`);
/** The guest listens, a host connects, sends and closes. */
const forwarded: Trigger = (s) => {
  s.guest('nc -l -v -p 5556 > hello.txt');
  void s.printed('listening on').then(() => s.connect().end('Hello qemu Geust\n'));
};

const CASES: readonly Case[] = [
  {
    what: 'DHCP: DISCOVER reaches bootp_input',
    at: 'bootp_input',
    chain: `${TX} > ip_input > udp_input > bootp_input`,
  },
  {
    what: 'DHCP: ACK delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.dhcp.option.dhcp == 5',
    chain: `${TX} > ip_input > udp_input > bootp_input > bootp_reply > udp_output > ip_output > ${RX}`,
  },
  { what: 'ARP: request reaches arp_input', at: 'arp_input', chain: `${TX} > arp_input`, trigger: ping },
  {
    what: 'ARP: reply delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.arp.opcode == 2',
    chain: `${TX} > arp_input > slirp_output > ${QSEND} > e1000_receive_iov`,
    trigger: ping,
  },
  {
    what: 'ICMP: echo request reaches icmp_input',
    at: 'icmp_input',
    chain: `${TX} > ip_input > icmp_input`,
    trigger: ping,
  },
  {
    what: 'ICMP: echo reply delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.icmp.type == 0',
    chain: `${TX} > ip_input > icmp_input > icmp_reflect > ip_output > ${RX}`,
    trigger: ping,
  },
  {
    what: 'UDP: guest datagram reaches udp_input',
    at: 'udp_input',
    condition: '$pkt.udp.dstport != 67',
    chain: `${TX} > ip_input > udp_input`,
    trigger: datagram,
  },
  {
    what: 'UDP: host socket created for the flow',
    at: 'udp_attach',
    chain: `${TX} > ip_input > udp_input > udp_attach`,
    trigger: datagram,
  },
  {
    what: 'UDP: reply delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.udp.dstport > 1024',
    chain: `${POLL} > sorecvfrom > udp_output > ip_output > ${RX}`,
    trigger: datagram,
  },
  { what: 'TCP out: SYN reaches tcp_input', at: 'tcp_input', chain: `${TX} > ip_input > tcp_input`, trigger: download },
  {
    what: 'TCP out: host connection opened',
    at: 'tcp_fconnect',
    chain: `${TX} > ip_input > tcp_input > tcp_fconnect`,
    trigger: download,
  },
  {
    what: 'TCP out: SYN-ACK delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.tcp.flags.syn && $pkt.tcp.flags.ack',
    chain: `${POLL} > tcp_input > tcp_output > ip_output > ${RX}`,
    trigger: download,
  },
  { what: 'TCP out: host data read by slirp', at: 'soread', chain: `${POLL} > soread`, trigger: download },
  {
    what: 'TCP out: ACK of guest data delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.tcp.len == 0 && !$pkt.tcp.flags.syn && !$pkt.tcp.flags.fin && $pkt.tcp.flags.ack',
    chain: `${TX} > ip_input > tcp_input > tcp_output > ip_output > ${RX}`,
    trigger: upload,
  },
  {
    what: 'TCP out: guest data appended for the host',
    at: 'sbappend',
    chain: `${TX} > ip_input > tcp_input > sbappend`,
    trigger: upload,
  },
  {
    what: 'TCP out: refused port, RST delivered',
    at: 'e1000_receive_iov',
    condition: '$pkt.tcp.flags.reset',
    chain: `${POLL} > soread > tcp_drop > tcp_output > ip_output > ${RX}`,
    trigger: refused,
  },
  {
    what: 'hostfwd: accept of the host connection',
    at: 'tcp_connect',
    chain: `${POLL} > tcp_connect`,
    trigger: forwarded,
  },
  {
    what: 'hostfwd: SYN delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: '$pkt.tcp.flags.syn',
    chain: `${POLL} > tcp_connect > tcp_output > ip_output > ${RX}`,
    trigger: forwarded,
  },
  {
    what: 'hostfwd: payload delivered to the NIC',
    at: 'e1000_receive_iov',
    condition: 'iov->iov_len == 71',
    chain: `${POLL} > tcp_output > ip_output > ${RX}`,
    trigger: forwarded,
  },
  {
    what: 'hostfwd: FIN towards the guest',
    at: 'e1000_receive_iov',
    condition: '$pkt.tcp.flags.fin',
    chain: `${POLL} > soread > tcp_sockclosed > tcp_output > ip_output > ${RX}`,
    trigger: forwarded,
  },
  { what: 'slirp timers: tcp_slowtimo', at: 'tcp_slowtimo', chain: `${POLL} > tcp_slowtimo`, trigger: forwarded },
  { what: 'slirp timers: tcp_fasttimo', at: 'tcp_fasttimo', chain: `${POLL} > tcp_fasttimo`, trigger: upload },
  {
    what: 'e1000: flush_queue timer after the RCTL write',
    at: 'e1000_flush_queue_timer',
    chain: `${TIMER} > e1000_flush_queue_timer`,
  },
  { what: 'poll set-up', at: 'slirp_pollfds_fill', chain: `${MAIN} > slirp_pollfds_fill` },
  {
    what: 'NIC transmit',
    at: 'xmit_seg',
    chain: 'e1000_mmio_write > set_tctl > start_xmit > process_tx_desc > xmit_seg',
  },
  { what: 'ICR read by the interrupt handler', at: 'mac_icr_read', chain: 'e1000_mmio_read > mac_icr_read' },
];

const HUB_CASES: readonly Case[] = [
  {
    what: 'hub: guest frame to slirp',
    at: 'net_slirp_receive',
    chain: `${XMIT} > ${QSEND} > ${HUB} > nc_sendv_compat > net_slirp_receive`,
  },
  {
    what: 'hub: can_receive',
    at: 'net_hub_port_can_receive',
    chain: `${XMIT} > ${ENQUEUE} > qemu_can_send_packet > qemu_can_receive_packet > net_hub_port_can_receive`,
  },
];

const PLAIN = ['-nic', 'user,model=e1000,hostfwd=tcp:127.0.0.1:0-:5556'];

describe('call chains of real QEMU', () => {
  let s: Session;
  let hello: Server;
  const udp = createSocket('udp4');
  let servers: Servers;

  before(async () => {
    hello = createServer((c) => c.on('error', () => undefined).end('hello from the host\n')).listen(0, '127.0.0.1');
    udp.on('message', (data, from) => udp.send(data, from.port, from.address)).bind(0, '127.0.0.1');
    await Promise.all([once(hello, 'listening'), once(udp, 'listening')]);
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    servers = {
      hello: (hello.address() as AddressInfo).port,
      refused: (closed.address() as AddressInfo).port,
      udp: udp.address().port,
    };
    closed.close();
  });

  after(async () => {
    await s.dispose();
    hello.close();
    udp.close();
  });

  /** Outermost first, without the guest's frames: those between cpu_exec and the register access. */
  async function chain(): Promise<string> {
    const names = (await s.frameNames()).reverse();
    const access = names.findIndex((n) => n === 'e1000_mmio_write' || n === 'e1000_mmio_read');
    return names.slice(Math.max(0, access)).join(' > ');
  }

  /** A chain of the boot, in a machine of its own. */
  async function checkBoot(c: Case, args: readonly string[]): Promise<void> {
    s = await Session.create();
    s.break(c.at, c.condition);
    await s.launch({ args });
    await s.stop();
    assert.equal(await chain(), c.chain);
    await s.dispose();
  }

  /** A chain that something triggers in the running machine; it is left with the guest's shell at its prompt. */
  async function checkTriggered(c: Case & { trigger: Trigger }): Promise<void> {
    const bp = s.break(c.at, c.condition);
    s.console = '';
    c.trigger(s, servers);
    await s.stop();
    const found = await chain();
    s.engine.deleteBreakpoint(bp);
    await s.resume();
    if (!s.console.endsWith('~ # ')) {
      s.engine.guestInput('\x03');
    }
    s.engine.guestInput('arp -d 10.0.2.2\necho at the prompt\n');
    await s.printed('\nat the prompt\n');
    assert.equal(found, c.chain);
  }

  for (const c of CASES.filter((each) => each.trigger === undefined)) {
    it(c.what, () => checkBoot(c, PLAIN));
  }

  for (const c of HUB_CASES) {
    it(c.what, () => checkBoot(c, ['-netdev', 'user,id=user.0', '-device', 'e1000,netdev=user.0']));
  }

  describe('in a running machine', () => {
    before(async () => {
      s = await Session.create();
      await s.launch({ args: PLAIN });
      await s.printed('lease of');
    });

    for (const c of CASES) {
      const { trigger } = c;
      if (trigger) {
        it(c.what, () => checkTriggered({ ...c, trigger }));
      }
    }
  });
});
