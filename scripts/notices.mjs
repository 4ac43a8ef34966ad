/** The licences of packages whose code is in the bundles of dist/, for the package's THIRD-PARTY-NOTICES.txt. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder, root } from './inputs.mjs';

const MODULES = 'node_modules/';

/** The folder of the package that a bundled source belongs to; undefined for one of our own. */
function packageOf(source) {
  const at = source.lastIndexOf(MODULES);
  if (at < 0) {
    return undefined;
  }
  const [scope, name] = source.slice(at + MODULES.length).split('/');
  const folder = scope.startsWith('@') ? `${scope}/${name}` : scope;
  return `${source.slice(source.indexOf(MODULES), at)}${MODULES}${folder}`;
}

/** The licence of a package, as its own file has it. Throws if there is none: then it must not be bundled. */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find((f) => /^(licen[cs]e|copying)\b/i.test(f));
  if (file === undefined) {
    throw new Error(`${folder} is bundled and has no licence file`);
  }
  const text = readFileSync(join(root, folder, file), 'utf8')
    .replaceAll('\r\n', '\n')
    .trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** The text, by the source maps of the bundles. */
export function thirdPartyNotices() {
  const dist = join(root, 'dist');
  const maps = filesUnder(dist, ['.map']).map((f) => JSON.parse(readFileSync(join(dist, f), 'utf8')));
  const folders = new Set(maps.flatMap(({ sources }) => sources.flatMap((s) => packageOf(s) ?? [])));
  const notices = [...new Set([...folders].sort().map(notice))];
  const rule = `\n${'-'.repeat(80)}\n\n`;
  return ['This extension contains code of the following packages.\n', ...notices].join(rule);
}
