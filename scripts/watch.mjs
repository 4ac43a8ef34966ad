#!/usr/bin/env node
/**
 * `npm run watch`: builds into dist/ whatever changes, until it is ended. Wrong files are reported as
 * `file:line:column: error: ...`. Programs stay as they were built before until their files are right again.
 */
import { readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from './builder.mjs';
import { isBuilt, root } from './inputs.mjs';

/** Editors write a file in several steps, and branches change many: wait until it is quiet for so long. */
const QUIET_MS = 100;

const watchers = new Map();
let timer;
let building = false;
/** Something changed while a build ran. */
let again = false;

/**
 * Watches the folders that the build reads.
 * A folder is watched, and not its files, because editors put new files in their place.
 */
function watchFolders() {
  for (const top of ['adapter', 'src', 'scripts']) {
    const below = readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const folder of [join(root, top), ...below]) {
      if (!watchers.has(folder)) {
        const watcher = watch(folder, (event, name) => changed(event, join(folder, name ?? '')));
        watchers.set(
          folder,
          watcher.on('error', () => forget(folder)),
        );
      }
    }
  }
}

/** A folder that is gone is not watched any more, also if another takes its name. */
function forget(folder) {
  watchers.get(folder)?.close();
  watchers.delete(folder);
}

function changed(event, path) {
  if (event === 'rename') {
    forget(path);
  }
  if (path.startsWith(join(root, 'scripts'))) {
    process.stderr.write('scripts changed: start the watch again to use the new ones\n');
  }
  later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(update, QUIET_MS);
}

async function update() {
  if (building) {
    again = true;
    return;
  }
  building = true;
  try {
    watchFolders();
    if (!isBuilt()) {
      process.stderr.write('building\n');
      await buildAll();
    }
  } catch (error) {
    // Such as a file that went while it was read: the next change may mend it.
    process.stderr.write(`${error.stack ?? error}\nbuild failed\n`);
  }
  building = false;
  if (again) {
    again = false;
    later();
  }
}

watchFolders();
await update();
process.stderr.write('watching adapter, src and scripts\n');
