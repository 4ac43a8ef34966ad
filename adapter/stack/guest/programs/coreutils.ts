/** Small programs for files and text: echo, cat, ls, cp, mv, rm, mkdir, wc, touch (Busybox coreutils). */
import { EAGAIN, strerror } from '../errno.ts';
import { do_exit } from '../exit.ts';
import { bb_error_msg, file_puts, printf, vfs_read, vfs_write } from '../file.ts';
import { FILE_REGULAR, file } from '../file_table.ts';
import { path_lookup, path_normalize, read_whole, vfs_create, vfs_mkdir, vfs_unlink, write_whole } from '../fs.ts';
import type { inode } from '../inode.ts';
import type { task_struct } from '../sched.ts';
import type { program } from '../task.ts';
import { bb_show_usage, getopt } from './getopt.ts';

const BUFFER_SIZE = 65536;

/** A program that does all it does in `main`. */
export function no_poll(task: task_struct): void {}

/** Prints its arguments; `-n` without a newline, `-e` with escapes. */
function echo_main(task: task_struct): void {
  let i = 1;
  let newline = true;
  let escapes = false;
  for (; /^-[neE]+$/.test(task.argv[i] ?? ''); i++) {
    newline = newline && !task.argv[i]!.includes('n');
    escapes = escapes || task.argv[i]!.includes('e');
  }
  let text = task.argv.slice(i).join(' ');
  if (escapes) {
    text = text.replace(/\\(n|t|r|\\|0[0-7]{0,3}|x[0-9A-Fa-f]{1,2})/g, echo_escape);
  }
  printf(task, newline ? `${text}\n` : text);
  do_exit(task, 0);
}

/** The character of an escape sequence. */
function echo_escape(all: string, code: string): string {
  const simple: { readonly [c: string]: string } = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
  const number = code[0] === 'x' ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8);
  return simple[code] ?? String.fromCharCode(Number.isNaN(number) ? 0 : number & 255);
}

/** State of `cat` and `wc`: files still to read, the one being read, bytes not written yet. */
class stream_state {
  names: string[] = [];
  current: file | null = null;
  buf: Uint8Array = new Uint8Array(BUFFER_SIZE);
  off = 0;
  len = 0;
  status = 0;
  /** `wc`: counts of the current input and of all. */
  lines = 0;
  words = 0;
  bytes = 0;
  in_word = false;
  totals: number[] = [0, 0, 0];
  flags = '';
  name = '';
}

/** Starts a program that reads the files of its command line, or its standard input. */
function stream_start(task: task_struct, letters: string): stream_state | null {
  const o = getopt(task.argv, letters);
  if (o.error !== '') {
    bb_show_usage(task, o.error);
    return null;
  }
  const st = new stream_state();
  st.names = o.args.length > 0 ? [...o.args] : ['-'];
  st.flags = [...o.flags.keys()].join('');
  task.state = st;
  return st;
}

/** Opens the next input. Returns false when there is none left. */
function stream_next(task: task_struct, st: stream_state): boolean {
  for (;;) {
    const name = st.names.shift();
    if (name === undefined) {
      return false;
    }
    st.name = name;
    if (name === '-') {
      st.current = task.stdin;
      return true;
    }
    const node = path_lookup(path_normalize(task.cwd, name));
    if (node && !node.children) {
      st.current = new file(FILE_REGULAR, node, null);
      return true;
    }
    bb_error_msg(task, node ? 'read error: Is a directory' : `can't open '${name}': No such file or directory`);
    st.status = 1;
  }
}

/** Copies its inputs to its output. */
function cat_main(task: task_struct): void {
  if (stream_start(task, 'u')) {
    cat_poll(task);
  }
}

/** Goes on copying. */
function cat_poll(task: task_struct): void {
  const st = task.state as stream_state;
  for (;;) {
    if (st.len > 0) {
      const n = vfs_write(task, task.stdout, st.buf, st.off, st.len);
      if (n === -EAGAIN) {
        return;
      }
      if (n < 0) {
        bb_error_msg(task, `write error: ${strerror(n)}`);
        do_exit(task, 1);
        return;
      }
      st.off += n;
      st.len -= n;
      continue;
    }
    if (!st.current && !stream_next(task, st)) {
      do_exit(task, st.status);
      return;
    }
    const n = vfs_read(task, st.current!, st.buf, 0, BUFFER_SIZE);
    if (n === -EAGAIN) {
      return;
    }
    st.off = 0;
    st.len = Math.max(0, n);
    if (n <= 0) {
      st.current = null;
    }
  }
}

/** Counts lines, words and bytes. */
function wc_main(task: task_struct): void {
  if (stream_start(task, 'lwc')) {
    wc_poll(task);
  }
}

/** Goes on counting. */
function wc_poll(task: task_struct): void {
  const st = task.state as stream_state;
  for (;;) {
    if (!st.current && !stream_next(task, st)) {
      if (task.argv.filter((a) => !a.startsWith('-')).length > 2) {
        wc_print(task, st, st.totals, 'total');
      }
      do_exit(task, st.status);
      return;
    }
    const n = vfs_read(task, st.current!, st.buf, 0, BUFFER_SIZE);
    if (n === -EAGAIN) {
      return;
    }
    if (n > 0) {
      wc_count(st, n);
      continue;
    }
    wc_print(task, st, [st.lines, st.words, st.bytes], st.name === '-' ? '' : st.name);
    st.totals = [st.totals[0]! + st.lines, st.totals[1]! + st.words, st.totals[2]! + st.bytes];
    st.lines = 0;
    st.words = 0;
    st.bytes = 0;
    st.in_word = false;
    st.current = null;
  }
}

/**
 * Counts `n` bytes.
 * @nodebug
 */
function wc_count(st: stream_state, n: number): void {
  for (let i = 0; i < n; i++) {
    const c = st.buf[i]!;
    const space = c === 32 || (c >= 9 && c <= 13);
    st.lines += c === 10 ? 1 : 0;
    st.words += !space && !st.in_word ? 1 : 0;
    st.in_word = !space;
  }
  st.bytes += n;
}

/** Prints one line of counts: all of them padded to nine columns as Busybox does, or the only one asked for. */
function wc_print(task: task_struct, st: stream_state, counts: readonly number[], name: string): void {
  const wanted = ['l', 'w', 'c'].map((f) => st.flags === '' || st.flags.includes(f));
  const shown = counts.filter((_, i) => wanted[i]);
  const numbers = shown.length === 1 ? String(shown[0]) : shown.map((n) => String(n).padStart(9)).join(' ');
  printf(task, `${numbers}${name === '' ? '' : ` ${name}`}\n`);
}

/** Lists files: names in columns of one, or with `-l` their kind, size and name. */
function ls_main(task: task_struct): void {
  const o = getopt(task.argv, 'la1h');
  if (o.error !== '') {
    bb_show_usage(task, o.error);
    return;
  }
  const names = o.args.length > 0 ? o.args : ['.'];
  let status = 0;
  let text = '';
  for (const name of names) {
    const node = path_lookup(path_normalize(task.cwd, name));
    if (!node) {
      bb_error_msg(task, `${name}: No such file or directory`);
      status = 1;
    } else if (node.children) {
      text += names.length > 1 ? `${text === '' ? '' : '\n'}${name}:\n` : '';
      const entries = [...node.children.keys()].sort();
      if (o.flags.has('l')) {
        const kbytes = (e: string): number => Math.ceil((node.children?.get(e)?.i_size ?? 0) / 4096) * 4;
        text += `total ${entries.reduce((n, e) => n + kbytes(e), 0)}\n`;
      }
      text += entries.map((e) => ls_line(e, node.children!.get(e)!, o.flags.has('l'))).join('');
    } else {
      text += ls_line(name, node, o.flags.has('l'));
    }
  }
  printf(task, text);
  do_exit(task, status);
}

/** One entry of a listing. Dates count from the start of the machine, as there is no clock for more. */
function ls_line(name: string, node: inode, long: boolean): string {
  if (!long) {
    return `${name}\n`;
  }
  const minutes = Math.floor(node.i_mtime / 60e9);
  const time = `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const mode = node.children ? 'drwxr-xr-x    2' : '-rw-r--r--    1';
  return `${mode} root     root     ${String(node.i_size).padStart(9)} Jan  1 ${time} ${name}\n`;
}

/** Copies one file (`mv` then removes the source). */
function cp_main(task: task_struct): void {
  const o = getopt(task.argv, 'f');
  const [from, to] = o.args;
  if (o.error !== '' || o.args.length !== 2 || from === undefined || to === undefined) {
    bb_show_usage(task, o.error);
    return;
  }
  const source = path_normalize(task.cwd, from);
  const node = path_lookup(source);
  if (!node || node.children) {
    const why = node ? `omitting directory '${from}'` : `can't stat '${from}': No such file or directory`;
    bb_error_msg(task, why);
    do_exit(task, 1);
    return;
  }
  let target = path_normalize(task.cwd, to);
  if (path_lookup(target)?.children) {
    target = path_normalize(target, from.split('/').at(-1)!);
  }
  const err = target === source ? 0 : write_whole(target, read_whole(node));
  if (err < 0) {
    bb_error_msg(task, `can't create '${to}': ${strerror(err)}`);
  } else if (task.program.name === 'mv' && target !== source) {
    vfs_unlink(source, false);
  }
  do_exit(task, err < 0 ? 1 : 0);
}

/** Removes files, or with `-r` all below a directory. */
function rm_main(task: task_struct): void {
  const o = getopt(task.argv, 'rRf');
  if (o.error !== '' || (o.args.length === 0 && !o.flags.has('f'))) {
    bb_show_usage(task, o.error);
    return;
  }
  let status = 0;
  for (const name of o.args) {
    const path = path_normalize(task.cwd, name);
    const node = path_lookup(path);
    const recursive = o.flags.has('r') || o.flags.has('R');
    if (node?.children && !recursive) {
      bb_error_msg(task, `'${name}' is a directory`);
      status = 1;
    } else if (node) {
      remove_tree(path, node);
    } else if (!o.flags.has('f')) {
      bb_error_msg(task, `can't remove '${name}': No such file or directory`);
      status = 1;
    }
  }
  do_exit(task, status);
}

/** Removes a file, or a directory with what is in it. */
function remove_tree(path: string, node: inode): void {
  for (const [name, child] of [...(node.children ?? [])]) {
    remove_tree(`${path}/${name}`, child);
  }
  vfs_unlink(path, node.children !== null);
}

/** Makes directories, or (`touch`) empty files. */
function mkdir_main(task: task_struct): void {
  const o = getopt(task.argv, 'p');
  if (o.error !== '' || o.args.length === 0) {
    bb_show_usage(task, o.error);
    return;
  }
  let status = 0;
  for (const name of o.args) {
    const path = path_normalize(task.cwd, name);
    const made = task.program.name === 'touch' ? vfs_create(path, false) : vfs_mkdir(path);
    if (typeof made === 'number' && made < 0 && !(o.flags.has('p') && path_lookup(path)?.children)) {
      file_puts(task.stderr, `${task.program.name}: can't create '${name}': ${strerror(made)}\n`);
      status = 1;
    }
  }
  do_exit(task, status);
}

export const echo_program: program = { name: 'echo', usage: 'echo [-neE] [ARG]...', main: echo_main, poll: no_poll };
export const cat_program: program = { name: 'cat', usage: 'cat [-u] [FILE]...', main: cat_main, poll: cat_poll };
export const wc_program: program = { name: 'wc', usage: 'wc [-clw] [FILE]...', main: wc_main, poll: wc_poll };
export const ls_program: program = { name: 'ls', usage: 'ls [-1alh] [FILE]...', main: ls_main, poll: no_poll };
export const cp_program: program = { name: 'cp', usage: 'cp [-f] SOURCE DEST', main: cp_main, poll: no_poll };
export const mv_program: program = { name: 'mv', usage: 'mv [-f] SOURCE DEST', main: cp_main, poll: no_poll };
export const rm_program: program = { name: 'rm', usage: 'rm [-rf] FILE...', main: rm_main, poll: no_poll };
export const mkdir_program: program = {
  name: 'mkdir',
  usage: 'mkdir [-p] DIRECTORY...',
  main: mkdir_main,
  poll: no_poll,
};
export const touch_program: program = { name: 'touch', usage: 'touch FILE...', main: mkdir_main, poll: no_poll };
