/** What a user adds to QEMU's command line, or to libvirt's description of a machine, so that it finds its network. */
import { addressOptions, type LinkAddress, type QemuLink } from './link.ts';

/** The name that the network has in the guest's QEMU. */
const NETDEV = 'n0';

/** `-netdev` of QEMU 7.2 and newer. */
export function streamNetdev(address: LinkAddress, id = NETDEV): string {
  return `stream,id=${id},server=off,${addressOptions(address)}`;
}

/** `-netdev` of older ones, which take no Unix sockets. */
function socketNetdev(address: LinkAddress & { readonly kind: 'tcp' }): string {
  return `socket,id=${NETDEV},connect=${address.host}:${address.port}`;
}

/** Words for a shell: quoted where it would read them otherwise. */
export function shellQuoted(words: readonly string[]): string {
  return words.map((w) => (/^[\w@%+=:,./-]+$/.test(w) ? w : `'${w.replaceAll("'", "'\\''")}'`)).join(' ');
}

const device = (model: string): string => `${model},netdev=${NETDEV}`;

function xmlQuoted(text: string): string {
  return text.replace(/[&<>'"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** What to add, for each guest. */
export function qemuWords(links: readonly QemuLink[]): string {
  return links.map((link, i) => wordsOf(link, links.length > 1 ? ` ${i + 1}` : '')).join('\n');
}

function wordsOf({ address }: QemuLink, which: string): string {
  const words = shellQuoted(['-netdev', streamNetdev(address), '-device', device('e1000')]);
  return [
    `Guest${which}: add to QEMU's command line (7.2 and newer)`,
    `  ${words}`,
    'older ones',
    address.kind === 'tcp'
      ? `  ${shellQuoted(['-netdev', socketNetdev(address), '-device', device('e1000')])}`
      : '  need TCP: start with "-qemu link=tcp"',
    "libvirt: in <domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>",
    ...libvirtLines(address).map((line) => `  ${line}`),
    '',
  ].join('\n');
}

function libvirtLines(address: LinkAddress): string[] {
  const args = ['-netdev', streamNetdev(address), '-device', `${device('e1000')},addr=0x10`];
  return ['<qemu:commandline>', ...args.map((arg) => `  <qemu:arg value='${xmlQuoted(arg)}'/>`), '</qemu:commandline>'];
}
