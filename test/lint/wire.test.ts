/**
 * People who step through the stack read field names: a place in a packet is an offset of `adapter/stack/wire`, never a
 * number. What is looked at is the index of a Uint8Array, and the offset that the readers and writers of big-endian
 * numbers get.
 */
import assert from 'node:assert/strict';
import ts from 'typescript';
import { createProgram, fileName } from '../../adapter/compiler/program.ts';
import { lineOf, type Source, sources } from './sources.ts';

const STACK = 'adapter/stack/';
/** Folders and files of the stack that the rule holds in. */
const FOLDERS = ['guest/', 'hw/', 'monitor/', 'net/', 'slirp/', 'util/', 'wire/'];
/** Reads and writes numbers byte by byte, for everybody. */
const EXEMPT = ['wire/bytes.ts'];

/** Functions that take an offset, and which argument it is. */
const OFFSET_ARGUMENT: Readonly<Record<string, number>> = {
  rd8: 1,
  rd16: 1,
  rd32: 1,
  wr16: 1,
  wr32: 1,
  put_string: 1,
};
/** Methods of a Uint8Array whose arguments are offsets, from the given one on. */
const OFFSET_METHOD: Readonly<Record<string, number>> = { subarray: 0, slice: 0, copyWithin: 0, fill: 1, set: 1 };

/** True for a number, or a sum or difference with one; 0 alone is the beginning of anything. */
function isBare(e: ts.Expression, alone = true): boolean {
  if (ts.isParenthesizedExpression(e)) {
    return isBare(e.expression, alone);
  }
  if (ts.isBinaryExpression(e)) {
    const { kind } = e.operatorToken;
    const sum = kind === ts.SyntaxKind.PlusToken || kind === ts.SyntaxKind.MinusToken;
    return sum && (isBare(e.left, false) || isBare(e.right, false));
  }
  return ts.isNumericLiteral(e) && !(alone && e.text === '0');
}

/** The offsets into packets that a node has. */
function offsets(node: ts.Node, checker: ts.TypeChecker): readonly ts.Expression[] {
  const isBytes = (e: ts.Expression): boolean => checker.getTypeAtLocation(e).getSymbol()?.name === 'Uint8Array';
  if (ts.isElementAccessExpression(node)) {
    return isBytes(node.expression) ? [node.argumentExpression] : [];
  }
  if (!ts.isCallExpression(node)) {
    return [];
  }
  const callee = node.expression;
  if (ts.isIdentifier(callee)) {
    const i = OFFSET_ARGUMENT[callee.text];
    return i === undefined ? [] : node.arguments.slice(i, i + 1);
  }
  const from = ts.isPropertyAccessExpression(callee) ? OFFSET_METHOD[callee.name.text] : undefined;
  return from !== undefined && ts.isPropertyAccessExpression(callee) && isBytes(callee.expression)
    ? node.arguments.slice(from)
    : [];
}

/** The bare offsets of a file: line and text. */
function bareOffsets(source: Source, checker: ts.TypeChecker): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (offsets(node, checker).some((e) => isBare(e))) {
      found.push(`${source.path}:${lineOf(source, node)}: ${node.getText(source.tree)}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return found;
}

/** The bare offsets of the files of the stack that `wanted` names. */
function check(files: ReadonlyMap<string, string>, wanted: (path: string) => boolean): string[] {
  const program = createProgram(files, true);
  const checker = program.getTypeChecker();
  return [...files]
    .filter(([path]) => wanted(path))
    .flatMap(([path, text]) => {
      const tree = program.getSourceFile(fileName(path))!;
      return bareOffsets({ path, text, tree }, checker);
    });
}

describe('offsets in packets', () => {
  it(`have names in ${FOLDERS.join(', ')}`, function () {
    this.timeout(60_000);
    const files = new Map(sources(STACK).map((s) => [s.path.slice(STACK.length), s.text]));
    const wrong = check(files, (path) => FOLDERS.some((f) => path.startsWith(f)) && !EXEMPT.includes(path));
    assert.deepEqual(wrong, []);
  });

  it('are found out when they are numbers', function () {
    this.timeout(60_000);
    const text = `
      declare function rd16(b: Uint8Array, o: number): number;
      declare function wr16(b: Uint8Array, o: number, v: number): void;
      const TH_WIN = 14;
      export function f(b: Uint8Array, t: number[], th: number, i: number): void {
        wr16(b, th + 14, 0);
        b[13] = rd16(b, (th - 2) + i);
        b.set(b.subarray(0, 4), th);
        wr16(b, th + TH_WIN, 2 + 2);
        b[th + i] = t[i + 1]! + b[0]!;
        t.slice(1, 3);
      }`;
    const lines = check(new Map([['slirp/x.ts', text]]), () => true).map((w) => Number(w.split(':')[1]));
    assert.deepEqual(lines, [6, 7, 7, 8]);
  });
});
