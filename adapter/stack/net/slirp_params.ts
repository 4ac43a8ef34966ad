/** The parameters of `-netdev user`: names, what they mean, values. */

/** A parameter `name=value` of an option. */
export interface OptionParameter {
  readonly name: string;
  readonly description: string;
  /** Values to choose from, or examples. */
  readonly values?: readonly string[];
}

/** Parameters of `-netdev user`, but `id` and `type`, in the order in which errors and help list them. */
export const NETDEV_USER_OPTIONS: readonly OptionParameter[] = [
  { name: 'ipv4', description: 'IPv4 on the network (default on).', values: ['on', 'off'] },
  { name: 'ipv6', description: 'IPv6 on the network (default on).', values: ['on', 'off'] },
  {
    name: 'net',
    description: 'IPv4 network of the guest, ADDR[/MASK] (default 10.0.2.0/24).',
    values: ['10.0.2.0/24', '192.168.76.0/24'],
  },
  {
    name: 'host',
    description: "The host's address as the guest sees it (default: address 2 of the network, 10.0.2.2).",
    values: ['10.0.2.2'],
  },
  {
    name: 'restrict',
    description: 'Isolate the guest: it reaches neither the host nor the outside; forwarded ports go on working.',
    values: ['on', 'off'],
  },
  { name: 'hostname', description: "The guest's name, which DHCP tells it." },
  {
    name: 'dhcpstart',
    description: 'First address that DHCP gives out (default: address 15, 10.0.2.15).',
    values: ['10.0.2.15'],
  },
  {
    name: 'dns',
    description: "The name server's address as the guest sees it (default: address 3, 10.0.2.3).",
    values: ['10.0.2.3'],
  },
  { name: 'dnssearch', description: 'A domain for the search list that DHCP tells; may be repeated.' },
  { name: 'domainname', description: "The guest's domain name, which DHCP tells it." },
  { name: 'tftp', description: "A directory of the host's whose files the built-in TFTP server offers." },
  { name: 'tftp-server-name', description: 'Name of the TFTP server in DHCP answers (RFC 2132, option 66).' },
  { name: 'bootfile', description: 'Name of the boot file in DHCP and BOOTP answers.' },
  {
    name: 'hostfwd',
    description:
      'Forward a port of the host to the guest: [tcp|udp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT or ' +
      'unix:/PATH-[GUESTADDR]:GUESTPORT. Host port 0 takes a free one; IPv6 addresses are in brackets. ' +
      'May be repeated.',
    values: ['tcp:127.0.0.1:5555-:5556', 'udp:127.0.0.1:5555-:5556', 'tcp:127.0.0.1:0-:5556', 'tcp:[::1]:5555-[]:5556'],
  },
  {
    name: 'guestfwd',
    description:
      'Forward connections of the guest to ADDR:PORT (default: address 4) to a command, a socket or a -chardev ' +
      'socket: [tcp]:[SERVER]:PORT-cmd:COMMAND, -unix:PATH, -tcp:HOST:PORT, -chardev:ID. May be repeated.',
    values: ['tcp:10.0.2.100:1234-cmd:cat', 'tcp:10.0.2.100:80-tcp:127.0.0.1:8080'],
  },
  {
    name: 'smb',
    description: "A directory of the host's to share over SMB as \\\\10.0.2.4\\qemu; needs Samba's smbd on the host.",
  },
  { name: 'smbserver', description: 'Address of the SMB server (default: address 4, 10.0.2.4); see smb.' },
  {
    name: 'ipv6-net',
    description: 'IPv6 network of the guest, PREFIX[/LENGTH] (default fec0::/64).',
    values: ['fec0::/64'],
  },
  { name: 'ipv6-prefix', description: 'IPv6 prefix of the network, without its length.', values: ['fec0::'] },
  { name: 'ipv6-prefixlen', description: 'Length of the IPv6 prefix (default 64).', values: ['64'] },
  { name: 'ipv6-host', description: "The host's IPv6 address as the guest sees it.", values: ['fec0::2'] },
  { name: 'ipv6-dns', description: "The name server's IPv6 address as the guest sees it.", values: ['fec0::3'] },
  { name: 'mtu', description: 'Longest IP packet in bytes (default 1500); not in QEMU.', values: ['1500'] },
];
