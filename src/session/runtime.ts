/** Which Node runs the adapter, and whether it can. */
import { execFile } from 'node:child_process';
import { statSync } from 'node:fs';

/** How long the check may take before the Node is given up. */
const TIMEOUT_MS = 15_000;

/**
 * glibc asks the system for each piece of memory from this size on, and gives it back when it is free. Unless told, it
 * raises the size with each piece that is freed, and keeps what sessions had: 780 MB instead of 260 after thirty stops
 * with journeys into the past.
 */
const MALLOC_MMAP_THRESHOLD_ = String(1 << 20);

/**
 * The environment of the adapter. Electron's program acts as Node in it.
 * Nothing meant for the extension host's own Node gets in.
 */
export function adapterEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VSCODE_INSPECTOR_OPTIONS: _inspector, ...rest } = env;
  return { MALLOC_MMAP_THRESHOLD_, ...rest, ELECTRON_RUN_AS_NODE: '1' };
}

/**
 * Asks `pktgdb --check-runtime` on a Node. Resolves to why it cannot run the debugger, or to undefined.
 */
export function checkRuntime(node: string, program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      node,
      [program, '--check-runtime'],
      { env: adapterEnvironment(), timeout: TIMEOUT_MS },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(undefined);
        } else if (error.code === 'ENOENT') {
          resolve('There is no such program.');
        } else {
          resolve(stdout.trim() || lastLines(stderr) || error.message);
        }
      },
    );
  });
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  // Node prints the error's first line after the code it happened in.
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.slice(-3).join('\n');
}

/** What a check's result holds for: the program, until it is replaced. */
export function runtimeKey(node: string, version: string): string {
  try {
    const { mtimeMs, size } = statSync(node);
    return `${node}|${mtimeMs}|${size}|${version}`;
  } catch {
    return '';
  }
}
