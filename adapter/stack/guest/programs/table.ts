/** The programs that the shell finds. */
import { do_exit } from '../exit.ts';
import { printf } from '../file.ts';
import type { task_struct } from '../sched.ts';
import type { program } from '../task.ts';
import {
  cat_program,
  cp_program,
  echo_program,
  ls_program,
  mkdir_program,
  mv_program,
  no_poll,
  rm_program,
  touch_program,
  wc_program,
} from './coreutils.ts';
import { httpd_program } from './httpd.ts';
import { nc_program } from './nc.ts';
import { arp_program, ifconfig_program, netstat_program, route_program } from './net_tools.ts';
import { nslookup_program } from './nslookup.ts';
import { ping_program } from './ping.ts';
import {
  dmesg_program,
  hostname_program,
  kill_program,
  ps_program,
  sleep_program,
  uname_program,
  uptime_program,
} from './system.ts';
import { udhcpc_program } from './udhcpc.ts';
import { wget_program } from './wget.ts';

/** A program by its name or its path, or null. */
export function find_program(name: string): program | null {
  const base = /^(?:\/(?:usr\/)?s?bin\/)?([^/]+)$/.exec(name)?.[1] ?? '';
  for (const p of all_programs()) {
    if (p.name === base) {
      return p;
    }
  }
  return null;
}

/** All programs. */
export function all_programs(): readonly program[] {
  return [
    arp_program,
    cat_program,
    cp_program,
    dmesg_program,
    echo_program,
    help_program,
    hostname_program,
    httpd_program,
    ifconfig_program,
    kill_program,
    ls_program,
    mkdir_program,
    mv_program,
    nc_program,
    netstat_program,
    nslookup_program,
    ping_program,
    ps_program,
    rm_program,
    route_program,
    sleep_program,
    touch_program,
    udhcpc_program,
    uname_program,
    uptime_program,
    wc_program,
    wget_program,
  ];
}

/** Lists the commands. */
function help_main(task: task_struct): void {
  const names = ['cd', 'exit', 'pwd', ...all_programs().map((p) => p.name)].sort();
  let text = 'Built-in commands and programs:\n';
  for (let i = 0; i < names.length; i += 8) {
    text += `\t${names.slice(i, i + 8).join(' ')}\n`;
  }
  printf(
    task,
    `${text}COMMAND > FILE, >> FILE, < FILE, A | B, A ; B, A && B, A || B, COMMAND & are understood. ` +
      'Ctrl-C ends a program, Ctrl-D its input.\n',
  );
  do_exit(task, 0);
}

export const help_program: program = { name: 'help', usage: 'help', main: help_main, poll: no_poll };
