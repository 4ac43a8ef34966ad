import { wordsSum } from './words-sum.ts';

/** A world in which nothing that the machine does has an effect: the base of those that hear some of it. */
export class SilentHost {
  readonly words_sum = wordsSum;
  connect(): void {}
  open(): void {}
  send(): void {}
  sendto(): void {}
  consumed(): void {}
  shutdown(): void {}
  close(): void {}
  console_write(): void {}
  monitor_reply(): void {}
}
