/** Which QEMU a command line starts: links over Unix sockets came with version 7.2. */
import { execFile } from 'node:child_process';

/** One that does not tell its version by then is taken for a new one. */
const ANSWER_MS = 5_000;

/** The first version that has `-netdev stream`. */
const STREAM = [7, 2] as const;

/** The program of a command line that starts QEMU, where it can be seen: `sudo qemu-system-x86_64 ...` as well. */
export function qemuProgram(command: string): string | undefined {
  return /^(?:\S+\s+)*?((?:[^\s'"]*\/)?qemu-(?:system-[\w-]+|kvm))(?:\s|$)/.exec(command.trim())?.[1];
}

/** Major and minor number of what `--version` prints. */
export function parseVersion(text: string): readonly [number, number] | undefined {
  const m = /version (\d+)\.(\d+)/.exec(text);
  return m ? [Number(m[1]), Number(m[2])] : undefined;
}

/** The version of the QEMU that a command line starts, if it is older than `-netdev stream`. */
export async function olderThanStream(command: string): Promise<string | undefined> {
  const program = qemuProgram(command);
  const version = program === undefined ? undefined : parseVersion(await printed(program));
  if (!version) {
    return undefined;
  }
  const [major, minor] = version;
  const old = major < STREAM[0] || (major === STREAM[0] && minor < STREAM[1]);
  return old ? `${major}.${minor}` : undefined;
}

/** What a program prints of its version; nothing if it cannot be run. */
function printed(program: string): Promise<string> {
  return new Promise((resolve) => {
    try {
      execFile(program, ['--version'], { timeout: ANSWER_MS }, (_error, stdout) => resolve(stdout));
    } catch {
      // Some refusals of the system are thrown.
      resolve('');
    }
  });
}
