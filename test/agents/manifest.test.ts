/** The language model tools in the manifest are those of the table. PKTGDB_UPDATE_GOLDEN=1 writes them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { TOOLS } from '../../adapter/agents/tools.ts';

const FILE = fileURLToPath(new URL('../../package.json', import.meta.url));

interface Manifest {
  readonly contributes: { languageModelTools: readonly object[] };
}

/** A tool as VS Code wants it. */
function contributed({ name, title, description, input }: (typeof TOOLS)[number]): object {
  const { $schema: _schema, ...inputSchema } = z.toJSONSchema(input, { io: 'input' });
  return {
    name: `pktgdb_${name}`,
    displayName: title,
    toolReferenceName: `pktgdb-${name.replaceAll('_', '-')}`,
    canBeReferencedInPrompt: true,
    modelDescription: description,
    tags: ['packets', 'debugging'],
    inputSchema,
  };
}

describe('language model tools', () => {
  it('are in the manifest as the table has them', () => {
    const manifest = JSON.parse(readFileSync(FILE, 'utf8')) as Manifest;
    const tools = TOOLS.map(contributed);
    if (process.env['PKTGDB_UPDATE_GOLDEN']) {
      manifest.contributes.languageModelTools = tools;
      writeFileSync(FILE, `${JSON.stringify(manifest, null, 2)}\n`);
    }
    assert.deepEqual(manifest.contributes.languageModelTools, tools);
  });
});
