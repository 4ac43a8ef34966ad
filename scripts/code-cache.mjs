/**
 * Writes what V8 makes of the stack's modules before it runs them, so that a launch need not parse them again
 * (`adapter/inferior/stack-modules.ts`). The builder runs it as `node --experimental-vm-modules code-cache.mjs FOLDER
 * FILE`; another V8 than this one's does without. A line of JSON says where in the rest each module's code is.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { filesUnder } from './inputs.mjs';

const [folder, file] = process.argv.slice(2);
const modules = {};
const codes = [];
let at = 0;
for (const path of filesUnder(folder, ['.js'])) {
  const text = readFileSync(join(folder, path), 'utf8');
  const code = new vm.SourceTextModule(text, { identifier: pathToFileURL(join(folder, path)).href }).createCachedData();
  modules[path] = [at, at + code.length];
  codes.push(code);
  at += code.length;
}
// The code knows its URL, which front ends see: it is of no use in another place.
const header = JSON.stringify({ v8: process.versions.v8, folder: pathToFileURL(folder).href, modules });
const partial = `${file}.${process.pid}.partial`;
writeFileSync(partial, Buffer.concat([Buffer.from(`${header}\n`), ...codes]));
renameSync(partial, file);
