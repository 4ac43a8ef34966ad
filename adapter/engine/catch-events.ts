/** What catchpoints stop at: where in the stack that can be seen, which of it counts there, and how it is told. */
import { packetFilter } from './link.ts';

/** Layers of the path where packets are caught, and the functions that all pass there, in either direction. */
export const PACKET_LAYERS = {
  slirp: ['slirp_output', 'slirp_input'],
  net: ['qemu_send_packet_async_with_flags'],
  nic: ['e1000_receive_iov', 'e1000_send_packet'],
  guest: ['netif_receive_skb', 'dev_queue_xmit'],
} as const;

export type PacketLayer = keyof typeof PACKET_LAYERS;

/** An event that a catchpoint stops at; an empty text or a null stands for any. */
export type CatchEvent =
  /** A packet that a display filter means passes a layer. */
  | {
      readonly what: 'packet';
      readonly filter: string;
      readonly layer: PacketLayer;
      /** JavaScript of the arguments that make the filter, if they are more than its text. */
      readonly made?: string;
    }
  /** A packet is given up, for a reason of `DROP_REASONS`. */
  | { readonly what: 'drop'; readonly reason: string }
  /** The NIC raises its interrupt line; or, with one, a cause (a bit of ICR) is set that was not. */
  | { readonly what: 'irq'; readonly cause: string; readonly bit: number }
  /** A TCP connection of the user network, or of the guest, comes to another state. */
  | { readonly what: 'state'; readonly side: '' | TcpSide; readonly end: SocketEnd | null; readonly state: string }
  /** A sender of ours, the user network or the guest, sends a TCP segment again. */
  | { readonly what: 'retransmit' }
  /** A TCP reset passes the user network's edge. */
  | { readonly what: 'rst' }
  /** The guest's driver reads or writes a register; `register` has bytes `from` to `to`. */
  | {
      readonly what: 'mmio';
      readonly access: '' | 'read' | 'write';
      readonly register: string;
      readonly from: number;
      readonly to: number;
    }
  /** The stack throws. */
  | { readonly what: 'exception' };

export type CatchKind = CatchEvent['what'];
export type TcpSide = 'slirp' | 'guest';

/** An end of a connection: a port, and an address (in host byte order) if one was named. */
export interface SocketEnd {
  readonly port: number;
  readonly address: number | null;
  readonly text: string;
}

/** A statement where the event can be seen: by its number in the function, or where the function returns. */
export interface CatchPlace {
  readonly name: string;
  readonly at: number | 'return';
  /** JavaScript over the locals there; empty: always. */
  readonly test: string;
  /** JavaScript of the text that tells of it. */
  readonly say: string;
}

/** Names of TCP's states, by number, on both sides (`TCPS_*` and `TCP_*` of the stack). */
const STATES: Readonly<Record<TcpSide, readonly string[]>> = {
  slirp: [
    'CLOSED',
    'LISTEN',
    'SYN_SENT',
    'SYN_RCVD',
    'ESTABLISHED',
    'CLOSE_WAIT',
    'FIN_WAIT_1',
    'CLOSING',
    'LAST_ACK',
    'FIN_WAIT_2',
    'TIME_WAIT',
  ],
  guest: [
    '',
    'ESTABLISHED',
    'SYN_SENT',
    'SYN_RCVD',
    'FIN_WAIT_1',
    'FIN_WAIT_2',
    'TIME_WAIT',
    'CLOSED',
    'CLOSE_WAIT',
    'LAST_ACK',
    'LISTEN',
    'CLOSING',
  ],
};

/** States by RFC 9293's names, as users write them. */
export const TCP_STATE_NAMES: readonly string[] = STATES.slirp;

/** An event as it was asked for, such as `drop RX_FILTER`. */
export function eventText(event: CatchEvent): string {
  switch (event.what) {
    case 'packet':
      return `packet${event.filter === '' ? '' : ` ${event.filter}`} in ${event.layer}`;
    case 'drop':
      return words('drop', event.reason);
    case 'irq':
      return words('irq', event.cause);
    case 'state':
      return words('state', event.side, event.end?.text ?? '', event.state);
    case 'mmio':
      return words('mmio', event.access, event.register);
    default:
      return event.what;
  }
}

function words(...all: readonly string[]): string {
  return all.filter((w) => w !== '').join(' ');
}

/** Where an event can be seen. */
export function placesOf(event: CatchEvent): readonly CatchPlace[] {
  switch (event.what) {
    case 'packet':
      return PACKET_LAYERS[event.layer].map((name) => ({
        name,
        at: 0,
        test: event.filter === '' ? '' : packetFilter(event.filter, event.made),
        say: JSON.stringify(`packet in ${event.layer}`),
      }));
    case 'drop':
      return [
        {
          name: 'drop',
          at: 0,
          test: event.reason === '' ? '' : `reason===${JSON.stringify(event.reason)}`,
          say: "'dropped '+reason",
        },
      ];
    case 'irq':
      return [irqPlace(event)];
    case 'state':
      return (['slirp', 'guest'] as const).flatMap((side) =>
        event.side === '' || event.side === side ? [statePlace(side, event.end, event.state)] : [],
      );
    case 'retransmit':
      return [
        { name: 'if_output', at: 0, test: 'so?.so_tcpcb?.t_resent===true', say: "'TCP retransmission by slirp'" },
        { name: 'ip_finish_output', at: 0, test: 'skb.retransmitted', say: "'TCP retransmission by the guest'" },
      ];
    case 'rst':
      return PACKET_LAYERS.slirp.map((name) => ({
        name,
        at: 0,
        test: packetFilter('tcp.flags.reset == 1'),
        say: name === 'slirp_output' ? "'TCP reset to the guest'" : "'TCP reset by the guest'",
      }));
    case 'mmio':
      return mmioPlaces(event);
    case 'exception':
      return [];
  }
}

/** The last statement of `set_interrupt_cause` moves the line; the first one still knows the causes so far. */
function irqPlace({ cause, bit }: CatchEvent & { what: 'irq' }): CatchPlace {
  const name = 'set_interrupt_cause';
  return bit === 0
    ? {
        name,
        at: -1,
        test: 's.mit_irq_level&&!s.parent_obj.irq_state',
        say: "'interrupt, ICR & IMS = 0x'+pending_ints.toString(16)",
      }
    : {
        name,
        at: 0,
        test: `(val&~s.mac_reg[$G.ICR]&${bit})!==0`,
        say: `'interrupt cause ${cause}'+((s.mac_reg[$G.IMS]&${bit})===0?' (masked)':'')`,
      };
}

function statePlace(side: TcpSide, end: SocketEnd | null, state: string): CatchPlace {
  const slirp = side === 'slirp';
  const [to, from] = slirp ? ['newstate', 'tp.t_state'] : ['state', 'sk.sk_state'];
  const socket = slirp ? 'tp.t_socket' : 'sk';
  const ends = slirp
    ? { addresses: ['so_laddr', 'so_faddr'], ports: ['so_lport', 'so_fport'] }
    : { addresses: ['inet_saddr', 'inet_daddr'], ports: ['inet_num', 'inet_dport'] };
  const names = JSON.stringify(STATES[side]);
  const number = STATES[side].indexOf(state);
  const is = (i: number): string =>
    [
      `${socket}.${ends.ports[i]}===${end?.port}`,
      ...(end?.address == null ? [] : [`(${socket}.${ends.addresses[i]}>>>0)===${end.address >>> 0}`]),
    ].join('&&');
  const tests = [
    `${to}!==${from}`,
    ...(state === '' ? [] : [`${to}===${number}`]),
    ...(end === null ? [] : [`(${is(0)}||${is(1)})`]),
  ];
  const at = (i: number): string => {
    const n = `${socket}.${ends.addresses[i]}`;
    return `[${n}>>>24,${n}>>>16&255,${n}>>>8&255,${n}&255].join('.')+':'+${socket}.${ends.ports[i]}`;
  };
  const change = `${names}[${from}]+' -> '+${names}[${to}]`;
  return {
    name: slirp ? 'tcp_state_change' : 'tcp_set_state',
    at: 0,
    test: tests.join('&&'),
    say: `'${side} TCP '+${at(0)}+' to '+${at(1)}+' '+${change}`,
  };
}

/** Writes are caught before their effect, reads once their value is known. */
function mmioPlaces({ access, register, from, to }: CatchEvent & { what: 'mmio' }): CatchPlace[] {
  const at = `(addr&${MMIO_MASK})`;
  const test = register === '' ? '' : `${at}>=${from}&&${at}<${to}`;
  const name = register === '' ? `'0x'+${at}.toString(16)` : JSON.stringify(register);
  const reads: CatchPlace = {
    name: 'e1000_mmio_read',
    at: 'return',
    test,
    say: `'read '+${name}+' = 0x'+$ret.toString(16)`,
  };
  const writes: CatchPlace = {
    name: 'e1000_mmio_write',
    at: 0,
    test,
    say: `'write '+${name}+' = 0x'+(val>>>0).toString(16)`,
  };
  return [...(access === 'write' ? [] : [reads]), ...(access === 'read' ? [] : [writes])];
}

/** Offsets within the window of registers. */
const MMIO_MASK = 0x1ffff;
