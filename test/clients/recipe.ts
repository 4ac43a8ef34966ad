/** What docs/clients.md tells users to write. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';

/** A recipe of docs/clients.md, by the language of its block. */
export function recipe(language: string): string {
  const text = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
  const [, found] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text) ?? [];
  assert.ok(found !== undefined, `docs/clients.md has a recipe in ${language}`);
  return found;
}
