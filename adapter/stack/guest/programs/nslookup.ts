/** `nslookup`: asks a name server (Busybox nslookup). */
import { EAGAIN, ENOENT } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, printf } from '../file.ts';
import { guest_os } from '../kernel.ts';
import { inet_aton, inet_ntoa } from '../lib.ts';
import type { task_struct } from '../sched.ts';
import type { program } from '../task.ts';
import { bb_show_usage } from './getopt.ts';
import { res_start, res_state, res_wait, valid_name } from './resolver.ts';

/** State of a running `nslookup`. */
class nslookup_state {
  name = '';
  query: res_state = new res_state();
}

/** Parses the command line and asks. */
function nslookup_main(task: task_struct): void {
  const args = task.argv.slice(1);
  const [name, server_text] = args;
  if (name === undefined || args.length > 2 || name.startsWith('-')) {
    bb_show_usage(task, '');
    return;
  }
  const server = server_text === undefined ? guest_os().net.nameserver : inet_aton(server_text);
  if (server < 0 || !valid_name(name)) {
    bb_error_msg(task, `bad address '${server < 0 ? server_text : name}'`);
    do_exit(task, 1);
    return;
  }
  const st = new nslookup_state();
  task.state = st;
  st.name = name;
  st.query.name = inet_aton(name) < 0 ? name : `${name.split('.').reverse().join('.')}.in-addr.arpa`;
  printf(task, `Server:\t\t${inet_ntoa(server)}\nAddress:\t${inet_ntoa(server)}:53\n\n`);
  res_start(task, st.query, server);
  nslookup_poll(task);
}

/** Prints the answer when it is there. */
function nslookup_poll(task: task_struct): void {
  const st = task.state as nslookup_state;
  const err = res_wait(task, st.query);
  if (err === -EAGAIN) {
    return;
  }
  const q = st.query;
  const reverse = q.name.endsWith('.in-addr.arpa');
  if (reverse && q.canonical !== '' && q.canonical !== q.name) {
    printf(task, `Non-authoritative answer:\n${q.name}\tname = ${q.canonical}\n\n`);
  } else if (err >= 0) {
    const lines = q.addrs.map((a) => `Name:\t${q.canonical}\nAddress: ${inet_ntoa(a)}\n`);
    printf(task, `Non-authoritative answer:\n${lines.join('')}\n`);
  } else if (err === -ENOENT) {
    printf(task, `** server can't find ${q.name}: NXDOMAIN\n\n`);
  } else {
    printf(task, ';; connection timed out; no servers could be reached\n\n');
  }
  do_exit(task, err >= 0 || reverse ? 0 : 1);
}

/** `nslookup`. */
export const nslookup_program: program = {
  name: 'nslookup',
  usage: 'nslookup NAME [DNS_SERVER]',
  main: nslookup_main,
  poll: nslookup_poll,
};
