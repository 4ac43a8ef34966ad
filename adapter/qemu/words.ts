/** What a user adds to QEMU's command line, or to libvirt's description of a machine, so that it finds its network. */
import { addressOptions, type LinkAddress, type QemuLink } from './link.ts';

/** The name that the network has in the guest's QEMU. */
const NETDEV = 'n0';

/** `-netdev` of QEMU 7.2 and newer. */
export function streamNetdev(address: LinkAddress, id = NETDEV): string {
  return `stream,id=${id},server=off,${addressOptions(address)}`;
}

/** `-netdev` of older ones, which take no Unix sockets. */
export function socketNetdev(address: LinkAddress & { readonly kind: 'tcp' }): string {
  return `socket,id=${NETDEV},connect=${address.host}:${address.port}`;
}

/** Words for a shell: quoted where it would read them otherwise. */
export function shellQuoted(words: readonly string[]): string {
  return words.map((w) => (/^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** Each QEMU gives its first NIC the same MAC address, so that other guests need to be told one. */
export function nicDevice(guest: number): string {
  const mac = guest === 0 ? '' : `,mac=52:54:00:12:${hex(0x34 + (guest >> 8))}:${hex((0x56 + guest) & 255)}`;
  return `e1000,netdev=${NETDEV}${mac}`;
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

function xmlQuoted(text: string): string {
  return text.replace(/[&<>'"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Words for QEMU 7.2 and newer. */
export function qemuNetdevs(links: readonly QemuLink[], first = 0): string[] {
  return links.map(({ address }, i) =>
    shellQuoted(['-netdev', streamNetdev(address), '-device', nicDevice(first + i)]),
  );
}

/** What to add, for each guest; `first` is the number of the first one. */
export function qemuWords(links: readonly QemuLink[], first = 0): string {
  const several = first > 0 || links.length > 1;
  return links.map((link, i) => wordsOf(link, first + i, several ? ` ${first + i + 1}` : '')).join('\n');
}

function wordsOf({ address }: QemuLink, guest: number, which: string): string {
  const device = nicDevice(guest);
  const [words = ''] = qemuNetdevs([{ address, qmp: undefined }], guest);
  return [
    `Guest${which}: add to QEMU's command line (7.2 and newer)`,
    `  ${words}`,
    'older ones',
    address.kind === 'tcp'
      ? `  ${shellQuoted(['-netdev', socketNetdev(address), '-device', device])}`
      : '  need TCP: start with "-qemu link=tcp"',
    "libvirt: in <domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>",
    ...libvirtLines(address, device).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function libvirtLines(address: LinkAddress, device: string): string[] {
  const args = ['-netdev', streamNetdev(address), '-device', `${device},addr=0x10`];
  return ['<qemu:commandline>', ...args.map((arg) => `  <qemu:arg value='${xmlQuoted(arg)}'/>`), '</qemu:commandline>'];
}
