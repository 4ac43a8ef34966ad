#!/usr/bin/env node
/** `npm run gdb-table`: writes the table of gdb's command words into docs/gdb.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTable } from '../adapter/commands/word-table.ts';
import { root } from './inputs.mjs';

const file = join(root, 'docs/gdb.md');
const words = readFileSync(join(root, 'test/vectors/gdb-commands.txt'), 'utf8').trim().split('\n');
writeFileSync(file, withTable(readFileSync(file, 'utf8'), words));
process.stdout.write(`${file}\n`);
