/** Values behind lines. */
import assert from 'node:assert/strict';
import { inlineTexts } from '../../src/editor/inline-model.ts';

const LINES = [
  'function f(s, size, iov) {',
  '  const len = size + 1;',
  '  let frame = buf;',
  '  send(s, iov, size, frame);',
];

const plain = (name: string, value: string) => ({ name, value, variablesReference: 0 });
const inside = (name: string, value: string) => ({ name, value, variablesReference: 7 });

describe('inline values', () => {
  const shown = (variables: Parameters<typeof inlineTexts>[1]): string[] =>
    inlineTexts(
      LINES.map((text, line) => ({ line, text })),
      variables,
    ).map(({ line, text }) => `${line}: ${text}`);

  it('have each name once, where it is mentioned last', () => {
    assert.deepEqual(shown([plain('size', '60'), plain('len', '61')]), ['1: len = 61', '3: size = 60']);
  });

  it('are scalars and short summaries, and nothing for structs', () => {
    assert.deepEqual(shown([inside('s', 'E1000State @ 0x7f0000001080'), inside('iov', 'iovec[1] @ 0x7f00000010c0')]), [
      '3: iov = iovec[1]',
    ]);
  });

  it('are none for what is no variable of the frame', () => {
    assert.deepEqual(shown([]), []);
  });
});
