/**
 * One naming rule: snake_case in `adapter/stack`, which mirrors C, camelCase elsewhere; and what is private is
 * `#private`, except there.
 */
import assert from 'node:assert/strict';
import ts from 'typescript';
import { lineOf, type Source, sources } from './sources.ts';

const all = ['adapter', 'src', 'test'].flatMap(sources);
const inStack = (s: Source): boolean => s.path.startsWith('adapter/stack/');

/** Files that stand for the stack in a test: their names are part of what is tested. */
const LIKE_THE_STACK = ['test/engine/toy/', 'test/gdb/fake-engine.ts', 'test/stack/machine.test.ts', 'test/compiler/'];

const SNAKE = /^_?[a-z][a-z0-9]*(_[a-z0-9]+)+$/;
const CAMEL = /^_?[a-z][a-z0-9]*[A-Z]/;

interface Name {
  readonly source: Source;
  readonly node: ts.Node;
  readonly text: string;
}

/** Names that a file gives to functions, variables, parameters and members of classes. */
function given(source: Source): Name[] {
  const found: Name[] = [];
  const visit = (node: ts.Node): void => {
    const named =
      ts.isFunctionLike(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isPropertyDeclaration(node);
    // `{ now_ns } = host` takes the name of a field.
    const { name } = node as { name?: ts.Node };
    if (named && name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) && !ts.isMethodSignature(node)) {
      found.push({ source, node, text: name.text.replace(/^#/, '') });
    }
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return found;
}

/** Members of the boundary's interfaces: classes outside the stack that implement them have no choice. */
const boundary = new Set(
  all
    .filter((s) => s.path === 'adapter/stack/util/host.ts')
    .flatMap((s) => [...s.text.matchAll(/^ {2}(?:readonly )?(\w+)[?(:<]/gm)].map((m) => m[1])),
);

const at = ({ source, node, text }: Name): string => `${source.path}:${lineOf(source, node)}: ${text}`;

describe('names', () => {
  it('are in camelCase outside the stack', () => {
    const wrong = all
      .filter((s) => !inStack(s) && !LIKE_THE_STACK.some((p) => s.path.startsWith(p)))
      .flatMap(given)
      .filter(({ text }) => SNAKE.test(text) && !boundary.has(text));
    assert.deepEqual(wrong.map(at), []);
  });

  it('are in snake_case in the stack', () => {
    const wrong = all
      .filter(inStack)
      .flatMap(given)
      .filter(({ text }) => CAMEL.test(text));
    assert.deepEqual(wrong.map(at), []);
  });
});

/** Places where `find` says so. */
function places(files: readonly Source[], find: (node: ts.Node) => boolean): string[] {
  const found: string[] = [];
  for (const source of files) {
    const visit = (node: ts.Node): void => {
      if (find(node)) {
        found.push(`${source.path}:${lineOf(source, node)}: ${node.getText().slice(0, 60)}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source.tree);
  }
  return found;
}

describe('private members', () => {
  it('are #private outside the stack', () => {
    const isPrivate = (node: ts.Node): boolean =>
      ts.isClassElement(node) &&
      !ts.isConstructorDeclaration(node) &&
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.PrivateKeyword) === true;
    assert.deepEqual(
      places(
        all.filter((s) => !inStack(s)),
        isPrivate,
      ),
      [],
    );
  });

  it('do not exist in the stack, where they would hide state from the hash and from `ptype`', () => {
    assert.deepEqual(places(all.filter(inStack), ts.isPrivateIdentifier), []);
  });
});
