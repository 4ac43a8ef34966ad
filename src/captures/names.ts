/** Names of captures: which files are offered as captures, packed ones too. */

const PLAIN = ['pcap', 'pcapng', 'cap'];
const PACKED = ['gz', 'zst'];

/** Extensions for file dialogs, which know the last one of a name only. */
export const CAPTURE_EXTENSIONS = [...PLAIN, ...PACKED];

/** A pattern for all captures below a folder. */
export const CAPTURE_GLOB = `**/*.{${PLAIN.flatMap((e) => [e, ...PACKED.map((p) => `${e}.${p}`)]).join(',')}}`;

export function isCaptureName(path: string): boolean {
  return /\.(?:pcap|pcapng|cap)(?:\.(?:gz|zst))?$/i.test(path);
}
