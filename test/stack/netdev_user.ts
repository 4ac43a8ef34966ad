/** The recorded answers of QEMU 7.2 to parameters of `-netdev user`, and what this machine says to the same. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handle_hmp_command } from '../../adapter/stack/monitor/hmp.ts';
import { NETDEV_USER_PARAMS } from '../../adapter/stack/net/slirp_options.ts';
import { GUESTFWD_SYNTAX, HOSTFWD_SYNTAX } from '../../adapter/stack/net/slirp_rules.ts';
import { main } from '../../adapter/stack/softmmu/main.ts';
import { FakeHost, resetMachine } from './harness.ts';

/** An answer: the network and its forwarded ports as the monitor shows them, or why it was refused. */
export interface Answer {
  readonly ok: boolean;
  readonly text: string;
}

export interface Row {
  readonly params: string;
  readonly qemu: Answer;
  readonly ours: Answer;
}

/** Long runs of x are written as `@LENGTH`. */
export const expand = (text: string): string => text.replace(/@(\d+)/g, (_m, n) => 'x'.repeat(Number(n)));
const shorten = (text: string): string => text.replace(/x{60,}/g, (m) => `@${m.length}`);

/** What the machine's messages repeat. */
const REPEATED: readonly (readonly [string, string])[] = [
  ['{HOSTFWD}', HOSTFWD_SYNTAX],
  ['{GUESTFWD}', GUESTFWD_SYNTAX],
  ['{KNOWN}', ['type', 'id', ...NETDEV_USER_PARAMS].join(', ')],
];

/**
 * `net=...` of `info network` and the forwarded ports of `info usernet`, without descriptors; a port that was chosen is
 * PORT.
 */
export function shape(infoNetwork: string, infoUsernet: string, params: string): string {
  const net = /net=.*/.exec(infoNetwork)?.[0] ?? '';
  const rows = infoUsernet.split('\n').filter((l) => l.includes('HOST_FORWARD'));
  const words = rows.map((l) =>
    l
      .trim()
      .split(/\s+/)
      .filter((_w, i) => i !== 1),
  );
  return [
    net,
    ...words.map((w) =>
      w.map((x, i) => (i === 2 && !params.includes(x) && /:0?-/.test(params) ? 'PORT' : x)).join(' '),
    ),
  ].join(' ');
}

/** The rows of netdev-user.tsv: parameters, QEMU's verdict and text, and ours where it differs. */
export function rows(): Row[] {
  const lines = readFileSync(join(import.meta.dirname, '../vectors/netdev-user.tsv'), 'utf8')
    .trimEnd()
    .split('\n');
  return lines
    .filter((l) => !l.startsWith('#'))
    .map((line) => {
      const [params = '', verdict, text = '', ourVerdict = verdict, ourText = text] = line.split('\t');
      return {
        params,
        qemu: { ok: verdict === 'ok', text },
        ours: { ok: ourVerdict === 'ok', text: ourText },
      };
    });
}

/** What this machine answers to `netdev_add PARAMS`. */
export function ask(params: string): Answer {
  const host = new FakeHost([[{ type: 'quit' }]]);
  resetMachine(host);
  main(0, ['-guest', 'none', '-nodefaults', '-chardev', 'null,id=cd0'], host);
  const said = handle_hmp_command(`netdev_add ${expand(params)}`);
  if (said !== '') {
    const message = said.trim().replace(/^Error: /, '');
    return { ok: false, text: shorten(REPEATED.reduce((t, [short, long]) => t.replace(long, short), message)) };
  }
  const made = shape(handle_hmp_command('info network'), handle_hmp_command('info usernet'), params);
  return { ok: true, text: shorten([made, ...host.reports.filter((r) => r.startsWith('warning'))].join(' ')) };
}
