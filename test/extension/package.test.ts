/** The package: what is in it, and that what is in it runs without the checkout. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { tempFolder } from '../kit/temp.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Bytes of the package at most: whoever adds a large thing is to know. */
const MAX_SIZE = 8_000_000;

/** Entries of a zip by its central directory (APPNOTE 4.3.12). */
function unzip(zip: Buffer): Map<string, Buffer> {
  const entries = new Map<string, Buffer>();
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50);
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const packed = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    entries.set(name, inflateRawSync(zip.subarray(data, data + packed)));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

describe('package', () => {
  let folder: string;
  let size: number;
  let entries: Map<string, Buffer>;

  before(() => {
    folder = tempFolder();
    const file = join(folder, 'test.vsix');
    execFileSync(process.execPath, [join(root, 'scripts/package.mjs'), file], { stdio: ['ignore', 'ignore', 'pipe'] });
    size = statSync(file).size;
    entries = unzip(readFileSync(file));
  });

  const names = (): string[] => [...entries.keys()];

  it('has the manifest of an extension, with its texts and a type for each kind of file', () => {
    const xml = entries.get('extension.vsixmanifest')!.toString();
    assert.match(xml, /<Identity Language="en-US" Id="pktgdb" Version="\d+\.\d+\.\d+" Publisher="pktgdb"\/>/);
    assert.match(xml, /<DisplayName>Packet Debugger<\/DisplayName>/);
    for (const [, path] of xml.matchAll(/Path="([^"]+)"/g)) {
      assert.ok(entries.has(path!), path);
    }
    const types = entries.get('[Content_Types].xml')!.toString();
    for (const name of names().filter((n) => /\.\w+$/.test(n) && !n.startsWith('['))) {
      assert.match(types, new RegExp(`Extension="\\.${/\w+$/.exec(name)![0]}"`), name);
    }
  });

  it('has the sources of the stack, the compiled stack, the programs and the texts', () => {
    const sources = readdirSync(join(root, 'adapter/stack'), { recursive: true, encoding: 'utf8' });
    for (const file of sources.filter((f) => f.endsWith('.ts')).map((f) => f.replaceAll('\\', '/'))) {
      assert.ok(entries.has(`extension/adapter/stack/${file}`), file);
      assert.ok(entries.has(`extension/dist/stack/debug/${file.replace(/\.ts$/, '.js')}`), file);
    }
    for (const file of [
      'dist/extension.cjs',
      'dist/pktgdb.js',
      'dist/worker.js',
      'dist/rings.js',
      'dist/listing.js',
      'media/icon.png',
    ]) {
      assert.ok(entries.has(`extension/${file}`), file);
    }
    for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'package.nls.json', 'l10n/bundle.l10n.json']) {
      assert.ok(entries.has(`extension/${file}`), file);
    }
  });

  it('has nothing that only building and testing need', () => {
    const wrong = names().filter((n) => /node_modules|\/test\/|\/src\/|\/scripts\/|\.map$|\.cache|\/\.\w/.test(n));
    assert.deepEqual(wrong, []);
    const { scripts, devDependencies } = JSON.parse(entries.get('extension/package.json')!.toString()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([scripts, devDependencies], [undefined, undefined]);
    assert.ok(size < MAX_SIZE, `${size} bytes`);
  });

  it('carries the licence of each package that is bundled', () => {
    const notices = entries.get('extension/THIRD-PARTY-NOTICES.txt')!.toString();
    for (const name of [
      'zod',
      'lit-html',
      '@vscode-elements/elements',
      '@modelcontextprotocol/sdk',
      'fzstd',
      'd3-scale',
    ]) {
      assert.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)\\n\\n`, 'm'), name);
    }
    assert.ok(notices.split(/^-{80}$/m).every((part) => /[A-Za-z]{4}/.test(part)));
  });

  it('has what the galleries of VS Code and Open VSX show and ask for', () => {
    const manifest = JSON.parse(entries.get('extension/package.json')!.toString());
    const texts = JSON.parse(entries.get('extension/package.nls.json')!.toString());
    const shown = (text: string): string => texts[text.slice(1, -1)] ?? text;
    const { name, publisher, version, license, icon, categories, keywords, pricing, extensionKind } = manifest;
    assert.deepEqual([name, publisher, license, pricing], ['pktgdb', 'pktgdb', 'MIT', 'Free']);
    assert.match(version, /^\d+\.\d+\.\d+$/);
    assert.deepEqual(extensionKind, ['workspace']);
    assert.ok(categories.length > 0 && keywords.length > 0 && keywords.length <= 30);
    assert.ok(shown(manifest.displayName).length > 0 && shown(manifest.description).length <= 200);
    const png = entries.get(`extension/${icon}`)!;
    assert.ok(png.readUInt32BE(16) >= 128 && png.readUInt32BE(20) >= 128, 'the icon is of 128 pixels or more');
    const xml = entries.get('extension.vsixmanifest')!.toString();
    for (const asset of ['Code.Manifest', 'Services.Content.Details', 'Services.Content.Changelog']) {
      assert.match(xml, new RegExp(`Type="Microsoft\\.VisualStudio\\.${asset.replaceAll('.', '\\.')}"`));
    }
    assert.match(xml, /Type="Microsoft\.VisualStudio\.Services\.Content\.License" Path="extension\/LICENSE"/);
    // Whoever opens README finds its pictures.
    for (const [, path] of entries
      .get('extension/README.md')!
      .toString()
      .matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) {
      assert.ok(entries.has(`extension/${path}`), path);
    }
  });

  it('runs by itself', () => {
    for (const [name, data] of entries) {
      const file = join(folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, data);
    }
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [join(folder, 'extension/dist/pktgdb.js'), ...args], { encoding: 'utf8' });
    assert.match(run('--check-runtime'), /ok/);
    assert.match(run('-batch', '-ex', 'break e1000_receive_iov'), /Breakpoint 1 at e1000_receive_iov: file hw\/net\//);
  });
});
