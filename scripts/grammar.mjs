#!/usr/bin/env node
/** `npm run grammar`: writes the names of all commands into the TextMate grammar of scripts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCommands } from '../adapter/commands/grammar.ts';
import { root } from './inputs.mjs';

const file = join(root, 'syntaxes/pktgdb.tmLanguage.json');
const grammar = JSON.parse(readFileSync(file, 'utf8'));
writeCommands(grammar);
writeFileSync(file, `${JSON.stringify(grammar, null, 2)}\n`);
process.stdout.write(`${file}\n`);
