/** Commands that set watchpoints. */
import type { Command } from '../command.ts';

const USAGE = '[-l|-location] EXPRESSION [if CONDITION]';

export const WATCH_COMMANDS = [
  {
    name: 'watch',
    class: 'breakpoints',
    takes: 'watch',
    summary: 'Set a watchpoint for an expression.',
    usage: `watch ${USAGE}`,
    details: [
      'It stops after a statement that changes the value, and says which one it was. EXPRESSION is of this frame, and',
      'the watchpoint ends with it; of a register ($RDT) or guest memory it does not, and with -location the place is',
      'watched that the expression means now. "reverse-continue" goes back to where it was written last.',
      '  watch $RDT',
      '  watch -l s->mac_reg[RDT] if $RDT == 0',
      '  watch *(uint32_t *)0x101000',
      '  watch *(uint8_t *)0x101000@16',
    ].join('\n'),
  },
  {
    name: 'rwatch',
    class: 'breakpoints',
    takes: 'watch',
    summary: 'Set a read watchpoint for an expression.',
    usage: `rwatch ${USAGE}`,
    details: 'It stops after a statement that reads the value.\n  rwatch $ICR',
  },
  {
    name: 'awatch',
    class: 'breakpoints',
    takes: 'watch',
    summary: 'Set a watchpoint for an expression.',
    usage: `awatch ${USAGE}`,
    details: 'It stops after a statement that reads or writes the value.\n  awatch $RDT',
  },
] as const satisfies readonly Command[];
