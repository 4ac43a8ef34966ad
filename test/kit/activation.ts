/** The bundle of the extension, loaded and activated in a Node of its own with a stand-in for VS Code. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');

/**
 * Loads and activates the extension in a fresh Node. Everything of `vscode` is there and does nothing; what is
 * registered, which modules were loaded and what of the system was asked for is printed.
 */
const SCRIPT = `
const Module = require('node:module');
const calls = [];
const stub = (path) => new Proxy(function () {}, {
  get: (_, key) => {
    switch (key) {
      case Symbol.toPrimitive: return () => path;
      case 'then': return undefined;
      case 'textDocuments': return [];
      default: return stub(path + '.' + String(key));
    }
  },
  apply: (_, __, args) => {
    calls.push(path + ' ' + (typeof args[0] === 'string' ? args[0] : ''));
    return stub(path + '()');
  },
  construct: () => stub('new ' + path),
  set: () => true,
});
const loaded = [];
const load = Module._load;
Module._load = function (request, ...rest) {
  loaded.push(request);
  return request === 'vscode' ? vscode : load.call(this, request, ...rest);
};
const root = process.argv[1];
const bundle = require('node:fs').readFileSync(root + '/dist/extension.cjs', 'utf8');
const used = new Set([...bundle.matchAll(/\\bvscode\\d*\\.(\\w+)/g)].map((m) => m[1]));
const vscode = Object.fromEntries([...used].map((name) => [name, stub('vscode.' + name)]));
const memento = { get: () => undefined, update: async () => {} };
const context = {
  extensionPath: root, extensionUri: {}, subscriptions: [], globalState: memento, workspaceState: memento,
  asAbsolutePath: (p) => root + '/' + p, extension: { packageJSON: { version: '0' } },
};
const read = [];
for (const [name, module] of [['fs', require('node:fs')], ['child_process', require('node:child_process')]]) {
  for (const [key, value] of Object.entries(module)) {
    if (typeof value === 'function' && /^[a-z]/.test(key)) {
      module[key] = function (...args) {
        if (activating) read.push(name + '.' + key + ' ' + String(args[0]).slice(0, 200));
        return value.apply(this, args);
      };
    }
  }
}
let activating = false;
const cpu = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
const before = cpu();
const { activate } = require(root + '/dist/extension.cjs');
const required = cpu();
activating = true;
activate(context);
activating = false;
const done = cpu();
console.log(JSON.stringify({
  require: required - before, activate: done - required, calls, loaded, read,
}));
`;

/** `require` and `activate` are milliseconds of processor time. */
export interface Activation {
  readonly require: number;
  readonly activate: number;
  readonly calls: readonly string[];
  readonly loaded: readonly string[];
  /** Calls of the file system and of child processes while it is activated. */
  readonly read: readonly string[];
}

/** Activates the extension once. */
export async function activation(): Promise<Activation> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, root]);
  return JSON.parse(stdout) as Activation;
}
