/** The bundle as VS Code loads it, with a stand-in for VS Code: what activation costs and registers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Loads and activates the extension in a fresh Node. Everything of `vscode` is there and does nothing; what is
 * registered and which modules were loaded is printed.
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
const cpu = () => process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000;
const before = cpu();
const { activate } = require(root + '/dist/extension.cjs');
const required = cpu();
activate(context);
const done = cpu();
console.log(JSON.stringify({
  require: required - before, activate: done - required, calls, loaded, subscriptions: context.subscriptions.length,
}));
`;

interface Report {
  readonly require: number;
  readonly activate: number;
  readonly calls: readonly string[];
  readonly loaded: readonly string[];
}

const LIMIT_MS = 100;
const RUNS = 10;

function time({ require, activate }: Report): number {
  return require + activate;
}

describe('activation', () => {
  const none = { require: Number.POSITIVE_INFINITY, activate: 0, calls: [], loaded: [] };
  let report: Report = none;

  /** Processor time, of the quickest of some runs: what others took longer is the machine's other work. */
  before(async () => {
    for (let run = 0; run < RUNS && !(time(report) < LIMIT_MS / 2); run++) {
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, root]);
      const next = JSON.parse(stdout) as Report;
      report = time(next) < time(report) ? next : report;
    }
  });

  it('takes far less than 100 ms, with loading the bundle', () => {
    assert.ok(time(report) < LIMIT_MS, `${report.require} + ${report.activate} ms`);
  });

  it('loads only modules of Node', () => {
    const others = report.loaded.filter(
      (m) => m !== 'vscode' && !m.startsWith('node:') && !m.endsWith('extension.cjs'),
    );
    assert.deepEqual(others, []);
  });

  it('registers every command that the manifest declares', () => {
    const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      contributes: { commands: { command: string }[] };
    };
    const registered = new Set(
      report.calls.filter((c) => c.startsWith('vscode.commands.register')).map((c) => c.split(' ')[1]),
    );
    for (const { command } of contributes.commands) {
      assert.ok(registered.has(command), command);
    }
  });
});
