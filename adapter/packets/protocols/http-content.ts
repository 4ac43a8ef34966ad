/** What HTTP carries, by its Content-Type. Nothing is dissected further: these give the content a name. */
import { formatBytes, printable } from '../format.ts';
import type { Layer } from '../layer.ts';
import type { PacketView } from '../packet-view.ts';
import { type Of, Protocol } from '../protocol.ts';

/** Ports on which HTTP is expected. */
export const HTTP_PORTS = [80, 3128, 3132, 5985, 8080, 8088, 11371, 1900, 2869, 2710];
/** Keys of the table `media_type`. */
export const CONTENT = { text: 1, media: 2, json: 3, xml: 4, form: 5, jpeg: 6, png: 7, gif: 8 } as const;
export type ContentKind = (typeof CONTENT)[keyof typeof CONTENT];

/** How the list calls a content: what it adds to the Protocol column, and to Info. */
export interface ContentWords {
  readonly kind: ContentKind;
  readonly column: string;
  readonly info: string;
}

/** What a Content-Type, without its parameters, is. */
export function contentWords(type: string): ContentWords | undefined {
  const t = printable(type.toLowerCase());
  const named = (kind: ContentKind, info: string, column = ''): ContentWords => ({ kind, column, info });
  if (t === '' || t === 'application/octet-stream') {
    return undefined;
  }
  if (t === 'application/json' || t.endsWith('+json') || t === 'text/json') {
    return named(CONTENT.json, `, JavaScript Object Notation (${t})`, '/JSON');
  }
  if (t === 'text/xml' || t === 'application/xml' || t.endsWith('+xml')) {
    return named(CONTENT.xml, '', '/XML');
  }
  if (t === 'application/x-www-form-urlencoded') {
    return named(CONTENT.form, ` (${t})`);
  }
  if (t === 'image/jpeg' || t === 'image/jpg') {
    return named(CONTENT.jpeg, ' (JPEG JFIF image)');
  }
  if (t === 'image/png') {
    return named(CONTENT.png, ' (PNG)');
  }
  const isText = t.startsWith('text/') || /^application\/(x-)?javascript$/.test(t);
  return named(isText ? CONTENT.text : CONTENT.media, ` (${t})`);
}

/** Lines that the tree shows at most. */
const MAX_LINES = 100;

function textLines(p: PacketView, l: Layer): string[] {
  return p
    .ascii(l.at, l.end)
    .split('\n')
    .filter((x, i, all) => x !== '' || i < all.length - 1);
}

function content(kind: ContentKind, name: string, title: string, line?: Of<string>): Protocol {
  return new Protocol({
    name,
    title,
    column: title,
    found: { media_type: [kind] },
    header: 1,
    ...(line === undefined ? {} : { line }),
    fields: [
      {
        parts: (p, l) =>
          kind === CONTENT.text
            ? textLines(p, l)
                .slice(0, MAX_LINES)
                .map((x) => ({ from: l.at, length: 0, label: () => printable(x) }))
            : [],
      },
    ],
  });
}

const textData = content(CONTENT.text, 'data-text-lines', 'Line-based text data', (p, l) => {
  const n = textLines(p, l).length;
  return `Line-based text data (${n} line${n === 1 ? '' : 's'})`;
});
const media = content(
  CONTENT.media,
  'media',
  'Media Type',
  (p, l) => `Media Type: ${formatBytes(p.bytes(l.at, l.end), 16, '')} (${l.end - l.at} bytes)`,
);

export const CONTENTS: readonly Protocol[] = [
  textData,
  media,
  content(CONTENT.json, 'json', 'JavaScript Object Notation'),
  content(CONTENT.xml, 'xml', 'eXtensible Markup Language'),
  content(CONTENT.form, 'urlencoded-form', 'HTML Form URL Encoded'),
  content(CONTENT.jpeg, 'image-jfif', 'JPEG File Interchange Format'),
  content(CONTENT.png, 'png', 'Portable Network Graphics'),
  content(CONTENT.gif, 'image-gif', 'Compuserve GIF'),
];
