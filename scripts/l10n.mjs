#!/usr/bin/env node
/** Writes l10n/bundle.l10n.json: the extension's strings, for translators (`bundle.l10n.LANGUAGE.json`). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesUnder, root } from './inputs.mjs';

export const bundleFile = join(root, 'l10n/bundle.l10n.json');

const CALL = /\bl10n\.t\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/g;
const TABLE_ENTRY = /^ {2}\w+: ('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"),$/gm;

/** The text of the bundle for the sources as they are. */
export function bundleText() {
  const strings = new Set();
  for (const file of filesUnder(join(root, 'src'), ['.ts'])) {
    const source = readFileSync(join(root, 'src', file), 'utf8');
    const literals = [...source.matchAll(file.endsWith('strings.ts') ? TABLE_ENTRY : CALL)];
    for (const [, literal] of literals) {
      strings.add(literal.slice(1, -1).replace(/\\(.)/g, '$1'));
    }
  }
  const sorted = [...strings].sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((s) => [s, s])), null, 2)}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  mkdirSync(dirname(bundleFile), { recursive: true });
  writeFileSync(bundleFile, bundleText());
}
