/**
 * Lines to the client of the test protocol, and interrupts (softmmu/qtest.c): it hears of each edge of a line that it
 * intercepts.
 */
import { machine } from './machine.ts';

/**
 * Sends a line.
 * @nodebug
 */
export function qtest_send(text: string): void {
  machine.host.qtest_send?.(`${text}\n`);
}

/** An interrupt line of `device` has changed: its input (`input`) or output `n`. */
export function qtest_irq_handler(device: string, input: boolean, n: number, level: boolean): void {
  const s = machine.qtest;
  if (s && s.irq_intercept_dev === device && s.irq_intercept_in === input) {
    qtest_send(`IRQ ${level ? 'raise' : 'lower'} ${n}`);
  }
}
