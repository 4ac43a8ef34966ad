/** The seed session at the prompt, as README shows it: every line that a user sees. `cli.txt` is the transcript. */
import { PassThrough, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Engine } from '../../adapter/engine/engine.ts';
import { runCli } from '../../adapter/gdb/cli.ts';
import { golden, masked } from '../kit/golden.ts';
import { SEED_ARGS } from '../kit/seed.ts';

const FILE = fileURLToPath(new URL('cli.txt', import.meta.url));
const PROMPT = '(pktgdb) ';

/** A line that is typed, and the end of what must have been printed then besides the prompt. */
type Line = readonly [text: string, until?: RegExp];

const SESSION: readonly Line[] = [
  ['break e1000_receive_iov if $pkt.tcp.dstport == 5556'],
  ['info breakpoints'],
  ['run &', /~ # $/],
  ['guest nc -l -v -p 5556 > hello.txt', /listening on .*\n$/],
  ['info network'],
  ['info usernet'],
  ['host send tcp:127.0.0.1:$_hostfwd Hello qemu Geust', /\n\d+\t.*\n/],
  ['bt'],
  ['info args'],
  ['print $pkt'],
  ['print $pkt.tcp.dstport'],
  ['print/x s->mac_reg[RDH]'],
  ['next'],
  ['info locals'],
  ['print/x s->mac_reg[RDH]'],
  ['print *iov'],
  ['x/16xb iov->iov_base'],
  ['info registers'],
  ['info registers RCTL'],
  ['info ring rx'],
  ['info ring tx'],
  ['info usernet'],
  ['info drops'],
  ['info frame'],
  ['up'],
  ['info locals'],
  ['ptype s'],
  ['ptype iov'],
  ['list'],
  ['info breakpoints'],
  ['frobnicate'],
  ['print nosuch'],
  ['print $pkt.nosuch.field'],
  ['delete'],
  ['continue &', /~ # $/],
  ['guest cat hello.txt', /Hello qemu Geust\n~ # $/],
  ['info drops'],
  ['kill'],
];

/**
 * What the command line wrote. The newline that it puts before a prompt where the cursor is not at column 0 is left
 * out.
 */
class Screen extends Writable {
  prompts = 0;
  text = '';
  #newline = false;
  #changed: () => void = () => {};

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const text = String(chunk);
    if (text === PROMPT) {
      this.prompts++;
      this.#newline = false;
    } else {
      this.text += this.#newline ? '\n' : '';
      this.#newline = text === '\n';
      this.text += this.#newline ? '' : text;
    }
    done();
    this.#changed();
  }

  /** Waits until the screen has what is waited for. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

/** `host send` is told that it is connected before or after the machine stops: put first. */
function connectedFirst(text: string): string {
  const connected = /^Connected to .*\n/m.exec(text)?.[0] ?? '';
  return `${connected}${text.replace(connected, '')}`;
}

describe('golden transcript of the command line', function () {
  this.timeout(60_000);

  it('the seed session', async () => {
    const input = new PassThrough();
    const screen = new Screen();
    const args = [...SEED_ARGS];
    const options = { quiet: true, batch: false, actions: [], args, version: 'VERSION', historyFile: '' };
    const ended = runCli(await Engine.create(), { ...options, input, output: screen, errors: screen });
    let transcript = '';
    await screen.until(() => screen.prompts > 0);
    for (const [line, until] of SESSION) {
      const { prompts } = screen;
      screen.text = '';
      input.write(`${line}\n`);
      await screen.until(() => screen.prompts > prompts && (until?.test(screen.text) ?? true));
      transcript += `${PROMPT}${line}\n${connectedFirst(screen.text)}${/\n$|^$/.test(screen.text) ? '' : '\n'}`;
    }
    input.end('quit\n');
    await ended;
    golden(FILE, masked(transcript));
  });
});
