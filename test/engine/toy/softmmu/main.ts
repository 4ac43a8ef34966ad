import type { Host } from '../../../../adapter/stack/util/host.ts';
import { COUNT, type Device, machine } from './machine.ts';

/**
 * Adds up, without probes.
 * @nodebug
 */
export function helper(a: number, b: number): number {
  return a + b;
}

/**
 * Takes a packet.
 * @packet buf size
 */
export function inner(s: Device, buf: Uint8Array, size: number): number {
  const was = s.regs[COUNT] as number;
  const next = helper(was, 1);
  s.regs[COUNT] = next;
  machine.host.frame(0, buf, size);
  return next + size;
}

class Note {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Says something, if there is something to say. */
export function note(n: number): void {
  const { text } = new Note(`note ${n}\n`);
  if (n === 0) {
    machine.turns += 0; // nothing to note
    return;
  }
  machine.host.console_write(text);
}

export function outer(s: Device, n: number): number {
  const buf = new Uint8Array(64);
  buf[12] = 8;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    buf[0] = i;
    sum += inner(s, buf, 60 + i);
  }
  machine.total += sum;
  return sum;
}

export function thrower(n: number): number {
  if (n > 1) {
    return thrower(n - 1);
  }
  throw new RangeError('the toy broke');
}

export function spin(): void {
  for (;;) {
    machine.total++;
  }
}

function command(line: string): boolean {
  const [name, arg] = line.trim().split(' ');
  if (name === 'outer') {
    const sum = outer(machine.device, Number(arg));
    machine.host.console_write(`sum ${sum}\n`);
  } else if (name === 'note') {
    note(Number(arg));
  } else if (name === 'throw') {
    thrower(3);
  } else if (name === 'spin') {
    spin();
  } else if (name === 'listen') {
    const r = machine.host.listen(10, 1, {
      sa_family: 2,
      sin_addr: 0x7f000001,
      sin_port: Number(arg),
      sin6_addr: null,
      sun_path: '',
    });
    machine.host.console_write(`listen ${r.errno} ${r.port}\n`);
  }
  return name !== 'quit';
}

export function handle_hmp_command(line: string): string {
  return `you said ${line}, total ${machine.total}`;
}

function main_loop(): void {
  for (let running = true; running; ) {
    machine.turns++;
    for (const input of machine.host.poll(1e9)) {
      if (input.type === 'console') {
        running = command(input.text) && running;
      } else if (input.type === 'monitor') {
        machine.host.monitor_reply(input.id, handle_hmp_command(input.line));
      } else if (input.type === 'accepted') {
        machine.host.console_write(`accepted ${input.fd}\n`);
      } else if (input.type === 'data') {
        machine.host.send(input.fd, input.data, 0, input.data.length);
        machine.host.consumed(input.fd, input.data.length);
      } else if (input.type === 'eof') {
        machine.host.shutdown(input.fd);
      } else if (input.type === 'quit') {
        running = false;
      }
    }
  }
}

export function main(argc: number, argv: string[], host: Host): number {
  machine.host = host;
  machine.net = {};
  if (argv[1] === '-bad') {
    host.report('error', "'-bad' is not known");
    return argc;
  }
  host.alloc_shared('ram', 4096);
  main_loop();
  return 0;
}
