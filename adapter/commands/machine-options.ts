/** The machine's options as `run`, `start` and `set args` take them: names, values, what they mean. QEMU's spelling. */
import { e1000_properties } from '../stack/net/nic_options.ts';
import { NETDEV_USER_OPTIONS, type OptionParameter } from '../stack/net/slirp_params.ts';

/** What an option may be, and the parameters that may follow. */
export interface OptionKind {
  readonly description: string;
  readonly parameters: readonly OptionParameter[];
}

/** An option, with its kinds by the first word of its value. */
export interface MachineOption {
  readonly name: string;
  readonly description: string;
  readonly kinds: Readonly<Record<string, OptionKind>>;
}

const ON_OFF = ['on', 'off'];

function p(name: string, description: string, values?: readonly string[]): OptionParameter {
  return values ? { name, description, values } : { name, description };
}

const ID = p('id', 'Name of the object, for others to refer to.');

const HUBPORT = [
  p('hubid', 'Number of the hub.', ['0', '1']),
  p('netdev', 'The net client that the port is linked to.'),
];

const SOCKET = [
  p('listen', 'Wait for the other end here: [HOST]:PORT.', ['127.0.0.1:1234']),
  p('connect', 'Connect to the other end: HOST:PORT.', ['127.0.0.1:1234']),
  p('udp', 'Send datagrams there: HOST:PORT; needs localaddr.', ['127.0.0.1:1234']),
  p('localaddr', 'Where datagrams are received: HOST:PORT.', ['127.0.0.1:1235']),
];

/** The parts of a socket's address. */
function address(prefix: string, whose: string, types: readonly string[]): OptionParameter[] {
  return [
    p(`${prefix}.type`, `Kind of ${whose}.`, types),
    p(`${prefix}.host`, `IPv4 address of ${whose}.`, ['127.0.0.1']),
    p(`${prefix}.port`, `Port of ${whose}.`, ['1234']),
    ...(types.includes('unix') ? [p(`${prefix}.path`, `Path of ${whose}, with type unix.`)] : []),
    ...(types.includes('fd')
      ? [p(`${prefix}.str`, 'Number of a socket that is connected and open, with type fd.')]
      : []),
    ...['ipv4', 'ipv6', 'to', 'keep-alive'].map((name) =>
      p(`${prefix}.${name}`, 'Accepted as in QEMU; makes no difference to this machine.'),
    ),
  ];
}

const STREAM = [
  p('server', 'Wait for a connection instead of making one (default off).', ON_OFF),
  p('reconnect', 'Seconds after which a lost connection is made again (default 0: not).', ['0', '1']),
  ...address('addr', 'the address to connect to, or to listen on', ['inet', 'unix', 'fd']),
];

const DGRAM = [
  ...address('local', 'the address to receive on', ['inet']),
  ...address('remote', 'the address to send to', ['inet']),
];

/** Parameters of every filter. */
const FILTER = [
  ID,
  p('netdev', 'The net client whose frames pass the filter.', ['user.0']),
  p('queue', 'Which frames: all, those to the client (rx), those from it (tx) (default all).', ['all', 'rx', 'tx']),
  p('status', 'Whether the filter works (default on).', ON_OFF),
  p('position', 'Place among the filters of the client: head, tail or id=ID (default tail).', ['head', 'tail']),
  p('insert', 'Before or behind the filter that position names (default behind).', ['behind', 'before']),
];

const VNET_HDR = p('vnet_hdr_support', 'Only off: no device here has such headers.', ['off']);

const NIC = [
  p('mac', 'MAC address of the NIC (default 52:54:00:12:34:56, the next NIC gets the next one).', [
    '52:54:00:12:34:56',
  ]),
  p('addr', 'PCI slot, hexadecimal.', ['0x3']),
];

const E1000: readonly OptionParameter[] = [
  ID,
  p('netdev', 'The net client that it is linked to (id of a -netdev).', ['user.0']),
  ...NIC,
  p('autonegotiation', 'The PHY negotiates speed and duplex (default on).', ON_OFF),
  p('mitigation', 'Interrupts are delayed as ITR, RADV, TADV say (default on).', ON_OFF),
  p('multifunction', 'There are more functions in its slot (default off).', ON_OFF),
  ...Object.keys(e1000_properties)
    .filter((name) => !['netdev', 'mac', 'addr', 'autonegotiation', 'mitigation', 'multifunction'].includes(name))
    .map((name) => p(name, 'Accepted as in QEMU; makes no difference to this machine.')),
];

const MODEL = p('model', 'Model of the NIC.', ['e1000']);

const userText = 'A user network (slirp): NAT to the host, DHCP, DNS, TFTP, forwarded ports; no privileges needed.';
const hubportText = 'A port of a hub.';
const socketText = 'A link to another program, over TCP or UDP.';
const streamText = 'A link to another program, over TCP or a Unix socket.';
const dgramText = 'A link to another program, over UDP.';

export const MACHINE_OPTIONS: readonly MachineOption[] = [
  {
    name: '-netdev',
    description: 'A network backend: -netdev TYPE,id=ID[,...].',
    kinds: {
      user: { description: userText, parameters: [ID, ...NETDEV_USER_OPTIONS] },
      hubport: { description: hubportText, parameters: [ID, ...HUBPORT] },
      socket: { description: socketText, parameters: [ID, ...SOCKET] },
      stream: { description: streamText, parameters: [ID, ...STREAM] },
      dgram: { description: dgramText, parameters: [ID, ...DGRAM] },
    },
  },
  {
    name: '-device',
    description: 'A device: -device e1000,netdev=ID[,...].',
    kinds: {
      e1000: { description: 'The NIC, Intel 82540EM.', parameters: E1000 },
      'e1000-82540em': { description: 'The same, by its full name.', parameters: E1000 },
    },
  },
  {
    name: '-nic',
    description: 'A NIC and its network in one: -nic user[,model=e1000][,mac=...][,...].',
    kinds: {
      user: { description: userText, parameters: [ID, MODEL, ...NIC, ...NETDEV_USER_OPTIONS] },
      hubport: { description: hubportText, parameters: [ID, MODEL, ...NIC, ...HUBPORT] },
      socket: { description: socketText, parameters: [ID, MODEL, ...NIC, ...SOCKET] },
      stream: { description: streamText, parameters: [ID, MODEL, ...NIC, ...STREAM] },
      dgram: { description: dgramText, parameters: [ID, MODEL, ...NIC, ...DGRAM] },
      none: { description: 'No network.', parameters: [] },
    },
  },
  {
    name: '-net',
    description: "QEMU's old syntax: -net nic, -net user; both are ports of hub 0.",
    kinds: {
      nic: {
        description: 'A NIC on hub 0.',
        parameters: [
          ID,
          p('name', 'Name of the client.'),
          MODEL,
          p('macaddr', 'MAC address.'),
          ...NIC.slice(1),
          p('netdev', 'The net client that it is linked to.'),
          p('vectors', 'Accepted; makes no difference.'),
        ],
      },
      user: { description: userText, parameters: [ID, p('name', 'Name of the client.'), ...NETDEV_USER_OPTIONS] },
      none: { description: 'No network.', parameters: [] },
    },
  },
  {
    name: '-object',
    description: 'A helper object: -object filter-dump,id=ID,netdev=ID,file=FILE[,maxlen=N] writes a capture.',
    kinds: {
      'filter-dump': {
        description: 'Writes the frames of a net client to a pcap file.',
        parameters: [
          ...FILTER,
          p('file', 'The file.', ['dump.pcap']),
          p('maxlen', 'Most bytes of a frame that are written (default 65536).', ['65536']),
        ],
      },
      'filter-mirror': {
        description: 'Sends a copy of each frame to a -chardev socket.',
        parameters: [...FILTER, p('outdev', 'The -chardev that gets the copies.'), VNET_HDR],
      },
      'filter-redirector': {
        description: 'Sends frames to a -chardev socket, and puts in what another one receives.',
        parameters: [
          ...FILTER,
          p('indev', 'The -chardev whose frames are put in.'),
          p('outdev', 'The -chardev that gets the frames.'),
          VNET_HDR,
        ],
      },
      'filter-buffer': {
        description: 'Holds frames back and lets them go at intervals.',
        parameters: [...FILTER, p('interval', 'Microseconds between releases.', ['1000'])],
      },
    },
  },
  { name: '-m', description: 'Memory of the machine, such as 16, 64M or 1G (default 16M).', kinds: {} },
  {
    name: '-guest',
    description: 'What runs in the machine.',
    kinds: {
      builtin: { description: 'The small guest with a shell (default).', parameters: [] },
      none: { description: 'Nothing: the NIC is driven from outside.', parameters: [] },
      trace: { description: 'The guest of a replay; replays choose it themselves.', parameters: [] },
    },
  },
  { name: '-nodefaults', description: 'No default network.', kinds: {} },
  { name: '-name', description: 'Name of the machine; makes no difference.', kinds: {} },
];

export function findOption(word: string): MachineOption | undefined {
  const name = word.replace(/^--/, '-');
  return MACHINE_OPTIONS.find((o) => o.name === name);
}
