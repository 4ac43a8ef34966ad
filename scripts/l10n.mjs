#!/usr/bin/env node
/**
 * Writes l10n/bundle.l10n.json: the extension's strings, for translators (`bundle.l10n.LANGUAGE.json`).
 * `--check` only tells whether it is up to date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesUnder, root } from './inputs.mjs';

const bundleFile = join(root, 'l10n/bundle.l10n.json');

const CALL = /\bl10n\.t\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")/g;
const TABLE_ENTRY = /^ {2}\w+: ('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"),$/gm;

/** The text of the bundle for the sources as they are. */
function bundleText() {
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

const text = bundleText();
if (!process.argv.includes('--check')) {
  mkdirSync(dirname(bundleFile), { recursive: true });
  writeFileSync(bundleFile, text);
} else if (readFileSync(bundleFile, 'utf8') !== text) {
  process.stderr.write('l10n/bundle.l10n.json is out of date: run node scripts/l10n.mjs\n');
  process.exitCode = 1;
}
