#!/usr/bin/env node
/**
 * `npm run package [-- FILE]`: writes FILE (pktgdb-VERSION.vsix), the extension as VS Code installs it.
 * The file is an OPC package: a zip with a manifest. What is in it is listed. The same input gives the same bytes.
 * What goes in is said by the `!` lines of .vscodeignore.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { filesUnder, root } from './inputs.mjs';
import { thirdPartyNotices } from './notices.mjs';

/** The licences of what is bundled; written with the package. */
const NOTICES = 'THIRD-PARTY-NOTICES.txt';

const CONTENT_TYPES = {
  '.json': 'application/json',
  '.js': 'application/javascript',
  '.cjs': 'application/node',
  '.ts': 'text/plain',
  '.css': 'text/css',
  '.md': 'text/markdown',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.pktgdb': 'text/plain',
  '.vsixmanifest': 'text/xml',
};

/** Files of the checkout that belong in the package, by the patterns of .vscodeignore. */
function packagedFiles() {
  const patterns = readFileSync(join(root, '.vscodeignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => new RegExp(`^${line.slice(1).trim().replace(/[.+]/g, '\\$&').replace(/\*+/g, glob)}$`));
  const tops = ['adapter/stack', 'dist', 'examples', 'l10n', 'media', 'syntaxes'];
  const single = [
    'package.json',
    'package.nls.json',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    'language-configuration.json',
  ];
  return [
    ...single.filter((f) => existsSync(join(root, f))),
    ...tops.flatMap((top) => filesUnder(join(root, top), ['']).map((f) => `${top}/${f}`)),
  ].filter((f) => patterns.some((p) => p.test(f)));
}

function glob(stars) {
  return stars.length > 1 ? '.*' : '[^/]*';
}

function xml(text) {
  return String(text).replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** The manifest of the package (schema PackageManifest 2.0 of Visual Studio's extensions). */
function vsixManifest(p, files, text) {
  const asset = (type, path) =>
    files.includes(path) ? `<Asset Type="${type}" Path="extension/${path}" Addressable="true"/>` : '';
  const property = (id, value) => `<Property Id="Microsoft.VisualStudio.${id}" Value="${xml(value)}"/>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011" \
xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">
<Metadata>
<Identity Language="en-US" Id="${xml(p.name)}" Version="${xml(p.version)}" Publisher="${xml(p.publisher)}"/>
<DisplayName>${xml(text(p.displayName))}</DisplayName>
<Description xml:space="preserve">${xml(text(p.description))}</Description>
<Tags>${xml(p.keywords.join(','))}</Tags>
<Categories>${xml(p.categories.join(','))}</Categories>
<GalleryFlags>Public</GalleryFlags>
<License>extension/LICENSE</License>
<Icon>extension/${xml(p.icon)}</Icon>
<Properties>
${property('Code.Engine', p.engines.vscode)}
${property('Code.ExtensionDependencies', '')}
${property('Code.ExtensionPack', '')}
${property('Code.ExtensionKind', p.extensionKind.join(','))}
${property('Code.LocalizedLanguages', '')}
${property('Services.GitHubFlavoredMarkdown', 'true')}
${property('Services.Content.Pricing', p.pricing)}
${property('Services.EnableMarketplaceQnA', String(p.qna))}
${property('Services.Branding.Color', p.galleryBanner.color)}
${property('Services.Branding.Theme', p.galleryBanner.theme)}
</Properties>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>
${[
  asset('Microsoft.VisualStudio.Code.Manifest', 'package.json'),
  asset('Microsoft.VisualStudio.Services.Content.Details', 'README.md'),
  asset('Microsoft.VisualStudio.Services.Content.Changelog', 'CHANGELOG.md'),
  asset('Microsoft.VisualStudio.Services.Content.License', 'LICENSE'),
  asset('Microsoft.VisualStudio.Services.Icons.Default', p.icon),
].join('\n')}
</Assets>
</PackageManifest>
`;
}

function contentTypes(names) {
  const used = [...new Set(names.map((n) => extname(n)).filter(Boolean))];
  const rows = used.map(
    (e) => `<Default Extension="${e}" ContentType="${CONTENT_TYPES[e] ?? 'application/octet-stream'}"/>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">${rows.join('')}</Types>
`;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) {
    c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  }
  return c;
});

function crc32(data) {
  let c = 0xffffffff;
  for (const byte of data) {
    c = CRC_TABLE[(c ^ byte) & 0xff] ^ (c >>> 8);
  }
  return ~c >>> 0;
}

/** 1 January 1980, the beginning of a zip's time (APPNOTE 4.4.6), so that packages can be compared. */
const DOS_DATE = (1 << 5) | 1;
const DEFLATE = 8;
/** Names are UTF-8 (APPNOTE, general purpose bit 11). */
const UTF8 = 0x800;

/** Zip file of `[name, data]` entries. */
function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, data] of entries) {
    const packed = deflateRawSync(data, { level: 9 });
    const bytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    for (const [at, value] of [
      [0, 20],
      [2, UTF8],
      [4, DEFLATE],
      [8, DOS_DATE],
      [22, bytes.length],
    ]) {
      common.writeUInt16LE(value, at);
    }
    for (const [at, value] of [
      [10, crc32(data)],
      [14, packed.length],
      [18, data.length],
    ]) {
      common.writeUInt32LE(value, at);
    }
    const local = [Buffer.from('PK\x03\x04', 'latin1'), common, bytes, packed];
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, bytes);
    parts.push(...local);
    offset += local.reduce((n, b) => n + b.length, 0);
  }
  const size = directory.reduce((n, b) => n + b.length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Entries of the package. */
function packageEntries() {
  const p = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const nls = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8'));
  const text = (value) => value.replace(/^%(.*)%$/, (_, key) => nls[key]);
  const files = packagedFiles();
  // What only builds and tests need is not in the package, nor is what names it.
  const { scripts: _scripts, devDependencies: _packages, ...manifest } = p;
  const read = (f) =>
    f === 'package.json' ? Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) : readFileSync(join(root, f));
  return [
    ['[Content_Types].xml', Buffer.from(contentTypes([...files, NOTICES, 'extension.vsixmanifest']))],
    ['extension.vsixmanifest', Buffer.from(vsixManifest(p, files, text))],
    [`extension/${NOTICES}`, Buffer.from(thirdPartyNotices())],
    ...files.map((f) => [`extension/${f}`, read(f)]),
  ];
}

/** `12.3 kB`. */
function kilobytes(n) {
  return `${(n / 1000).toFixed(1)} kB`;
}

function main() {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const out = process.argv[2] ?? join(root, `${name}-${version}.vsix`);
  const entries = packageEntries();
  const bytes = zip(entries);
  writeFileSync(`${out}.partial`, bytes);
  renameSync(`${out}.partial`, out);
  const folders = new Map();
  for (const [path, data] of entries) {
    const folder = path
      .split('/')
      .slice(0, path.includes('/stack/') ? 4 : 2)
      .join('/');
    const { n, size } = folders.get(folder) ?? { n: 0, size: 0 };
    folders.set(folder, { n: n + 1, size: size + data.length });
  }
  for (const [folder, { n, size }] of folders) {
    process.stdout.write(`${kilobytes(size).padStart(12)}  ${folder}${n > 1 ? ` (${n} files)` : ''}\n`);
  }
  process.stdout.write(`${out}: ${entries.length} files, ${kilobytes(bytes.length)}\n`);
}

main();
