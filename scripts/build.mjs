#!/usr/bin/env node
/**
 * `npm run build`: builds into dist/ what is not up to date; `--force` builds everything.
 * Reports wrong files and goes on with the rest; exits 1 if there was anything wrong.
 */
import { buildAll, endBuilds } from './builder.mjs';

const good = await buildAll({ force: process.argv.includes('--force') });
await endBuilds();
process.exitCode = good ? 0 : 1;
