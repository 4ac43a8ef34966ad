/** Enforces the dependency rules and the invariants of the stack that ARCHITECTURE.md states. */
import assert from 'node:assert/strict';
import ts from 'typescript';
import { type Import, imports, lineOf, type Source, sources } from './sources.ts';

const MAX_LINES = 800;

const all = ['adapter', 'src', 'test'].flatMap(sources);
const stack = all.filter((s) => s.path.startsWith('adapter/stack/'));

/**
 * What each folder may import: prefixes of files of the repository or names of packages; `type` in front allows types
 * only. Every folder may import from itself. In `adapter` the arrows go down this list only.
 */
const RULES: Readonly<Record<string, readonly string[]>> = {
  'src/': [
    'node:',
    'vscode',
    'vscode-languageclient',
    'vscode-languageserver',
    'type @vscode/debugprotocol',
    // Requests of our own, and the scheme of the sources that stand for moments.
    'adapter/dap/custom.ts',
    // Machines that run by themselves.
    'adapter/attach/place.ts',
    // Tools for agents, which are loaded when one is called.
    'type adapter/agents/',
    // Bit fields and words of registers, for the views.
    'adapter/inspect/register-notation.ts',
    // Reasons of drops, to break on one before there is a machine.
    'adapter/stack/util/drop_reasons.ts',
    // The components of pages.
    '@vscode-elements/elements/',
    // Scales, axes and shapes of the timeline.
    'd3-axis',
    'd3-scale',
    'd3-selection',
    'd3-shape',
    // Packet listings: captures are opened and looked at as replays do it.
    'adapter/packets/',
    'adapter/replay/',
  ],
  'adapter/temporary.ts': ['node:'],
  'adapter/written-file.ts': ['node:'],
  'adapter/main.ts': ['node:', 'adapter/'],
  'adapter/packets-program.ts': ['node:', 'adapter/temporary.ts', 'adapter/packets/', 'adapter/replay/'],
  'adapter/replay-program.ts': ['node:', 'adapter/temporary.ts', 'piscina', 'type adapter/inferior/'],
  'adapter/machine.ts': ['node:', 'adapter/temporary.ts', 'adapter/commands/', 'adapter/engine/', 'adapter/host/'],
  'adapter/agents/': [
    'node:',
    'zod',
    '@modelcontextprotocol/sdk/',
    'type @vscode/debugprotocol',
    // Sessions in this process; all else is asked of them as any client does.
    'adapter/dap/server.ts',
    'type adapter/dap/',
    'adapter/engine/engine.ts',
    'adapter/gdb/interpreter.ts',
    'adapter/packets/format.ts',
  ],
  'adapter/passt/': [
    'node:',
    'adapter/temporary.ts',
    'adapter/written-file.ts',
    'adapter/attach/server.ts',
    'adapter/engine/engine.ts',
    // The prompt's commands, for clients of DAP.
    'adapter/gdb/interpreter.ts',
    'adapter/packets/format.ts',
    'adapter/qemu/',
  ],
  'adapter/attach/': [
    'node:',
    'adapter/temporary.ts',
    // What is served at the machine of this process.
    'adapter/dap/server.ts',
    'adapter/gdb/cli.ts',
    'adapter/engine/api.ts',
  ],
  'adapter/dap/': [
    'adapter/temporary.ts',
    // Where machines of other processes are.
    'adapter/attach/place.ts',
    // Words and accounts of replays.
    'adapter/replay/',
    'node:',
    '@vscode/debugadapter',
    '@vscode/debugprotocol',
    // The Debug Console takes gdb's commands.
    'adapter/gdb/interpreter.ts',
    'adapter/commands/',
    'adapter/qemu/',
    'adapter/inspect/',
    'adapter/engine/',
    'adapter/packets/',
    'type adapter/compiler/',
  ],
  'adapter/qemu/': ['node:', 'adapter/temporary.ts', 'adapter/packets/format.ts', 'type adapter/engine/'],
  'adapter/script/': ['node:', 'adapter/commands/', 'adapter/inspect/', 'adapter/engine/', 'adapter/packets/'],
  'adapter/gdb/': [
    'adapter/written-file.ts',
    'adapter/script/',
    // Words and accounts of replays.
    'adapter/replay/',
    'node:',
    'adapter/commands/',
    'adapter/inspect/',
    'adapter/engine/',
    'adapter/packets/',
    'adapter/stack/util/',
    'type adapter/compiler/',
  ],
  'adapter/language/': [
    'node:',
    'vscode-languageserver',
    'adapter/commands/',
    'adapter/inspect/',
    'adapter/engine/',
    'adapter/packets/',
    // Parsers of the machine's options.
    'adapter/stack/net/',
    'adapter/stack/softmmu/',
    'adapter/stack/util/',
    'type adapter/compiler/',
  ],
  'adapter/commands/': [
    // Words and accounts of replays.
    'adapter/replay/',
    'node:',
    'adapter/inspect/',
    'adapter/engine/',
    'adapter/packets/',
    // Parameters of the machine's options, reasons of drops.
    'adapter/stack/net/',
    'adapter/stack/util/',
    'type adapter/compiler/',
  ],
  'adapter/inspect/': [
    // Words and accounts of replays.
    'adapter/replay/',
    'node:',
    'adapter/engine/',
    'adapter/packets/',
    // Register and descriptor tables, reasons of drops.
    'adapter/stack/hw/',
    'adapter/stack/util/',
    'type adapter/compiler/',
    'type adapter/stack/',
  ],
  'adapter/engine/': [
    'node:',
    'adapter/temporary.ts',
    'adapter/host/',
    'adapter/mailbox/',
    'adapter/replay/',
    'adapter/saved/',
    'adapter/packets/',
    'type adapter/inferior/',
    // Turns values into what is shown; pure. Constants without a machine are described as those of one are.
    'adapter/inferior/describe.ts',
    // What a checkpoint says of the last packet.
    'adapter/inferior/edge.ts',
    'adapter/inferior/globals.ts',
    'adapter/stack/hw/',
    'adapter/stack/util/',
    'type adapter/stack/',
    'type adapter/compiler/',
  ],
  'adapter/host/': [
    'node:',
    'adapter/temporary.ts',
    'adapter/written-file.ts',
    'adapter/mailbox/',
    'adapter/packets/format.ts',
    'adapter/stack/util/',
    'type adapter/stack/',
  ],
  'adapter/inferior/': [
    'node:',
    'adapter/mailbox/',
    'adapter/replay/',
    'adapter/saved/',
    'adapter/packets/',
    'adapter/stack/util/',
    'type adapter/stack/',
    'type adapter/compiler/',
  ],
  'adapter/saved/': ['node:', 'adapter/mailbox/', 'adapter/packets/', 'type adapter/stack/'],
  'adapter/replay/': [
    'node:',
    'adapter/temporary.ts',
    // What is kept beside a checkpoint.
    'type adapter/mailbox/',
    'adapter/packets/',
    'adapter/stack/util/',
    'type adapter/stack/',
  ],
  'adapter/mailbox/': ['node:', 'adapter/stack/util/', 'type adapter/stack/'],
  'adapter/packets/': ['fzstd', 'adapter/stack/util/near.ts'],
  'adapter/compiler/': ['node:', 'typescript', 'ts-blank-space'],
  'adapter/stack/': [],
};

/** Imports against these rules that are still to be mended: file and target. The list only gets shorter. */
const STILL_OPEN: readonly string[] = [];

/** Modules that only the engine may use: V8's inspector does not show through to the front ends. */
const V8_ONLY_IN_ENGINE = ['node:inspector', 'node:inspector/promises', 'node:v8', 'inspector', 'v8'];

function allowed(i: Import, from: string, rules: readonly string[]): boolean {
  return [from, ...rules].some((rule) => {
    const prefix = rule.replace(/^type /, '');
    return (prefix === rule || i.typeOnly) && (i.target.startsWith(prefix) || i.target === prefix);
  });
}

/** Places in files that a test found, for a readable failure. */
function at(source: Source, line: number, what: string): string {
  return `${source.path}:${line}: ${what}`;
}

/** Walks a file and returns what `find` says about each node, with its place. */
function violations(files: readonly Source[], find: (node: ts.Node, source: Source) => string | undefined): string[] {
  const found: string[] = [];
  for (const source of files) {
    const visit = (node: ts.Node): void => {
      const what = find(node, source);
      if (what) {
        found.push(at(source, lineOf(source, node), what));
      }
      ts.forEachChild(node, visit);
    };
    visit(source.tree);
  }
  return found;
}

describe('dependencies', () => {
  for (const [folder, rules] of Object.entries(RULES)) {
    it(`${folder} imports ${rules.length ? rules.join(', ') : 'nothing but itself'}`, () => {
      const wrong = all
        .filter((s) => s.path.startsWith(folder))
        .flatMap((s) =>
          imports(s)
            .filter((i) => !allowed(i, folder, rules) && !STILL_OPEN.includes(`${s.path} ${i.target}`))
            .map((i) => at(s, i.line, `may not import '${i.target}'`)),
        );
      assert.deepEqual(wrong, []);
    });
  }

  it('the list of imports that are still to be mended is true', () => {
    const there = new Set(all.flatMap((s) => imports(s).map((i) => `${s.path} ${i.target}`)));
    assert.deepEqual(
      STILL_OPEN.filter((open) => !there.has(open)),
      [],
    );
  });

  it('every file of adapter and src is under one of these rules', () => {
    const folders = Object.keys(RULES);
    const free = all.filter((s) => !s.path.startsWith('test/') && !folders.some((f) => s.path.startsWith(f)));
    assert.deepEqual(
      free.map((s) => s.path),
      [],
    );
  });

  it('vscode is imported in src alone', () => {
    const wrong = all.filter((s) => !s.path.startsWith('src/') && imports(s).some((i) => i.target === 'vscode'));
    assert.deepEqual(
      wrong.map((s) => s.path),
      [],
    );
  });

  it('V8 and its inspector are known to the engine alone', () => {
    const wrong = all
      .filter((s) => /^(adapter|src)\//.test(s.path) && !s.path.startsWith('adapter/engine/'))
      .flatMap((s) =>
        imports(s)
          .filter((i) => V8_ONLY_IN_ENGINE.includes(i.target))
          .map((i) => at(s, i.line, i.target)),
      );
    assert.deepEqual(wrong, []);
  });
});

describe('the engine', () => {
  it('calls the runtime through link.ts, which is typed by it, and not in strings of its own', () => {
    const wrong = all
      .filter((s) => s.path.startsWith('adapter/engine/') && s.path !== 'adapter/engine/link.ts')
      .flatMap((s) =>
        s.text.split('\n').flatMap((line, i) => (/(__pktgdb|\$R)\.\w/.test(line) ? [at(s, i + 1, line.trim())] : [])),
      );
    assert.deepEqual(wrong, []);
  });
});

describe('the stack', () => {
  /** Clocks, randomness, the event loop and other things of the outside. */
  const FORBIDDEN = new Set([
    'Date',
    'performance',
    'process',
    'require',
    'console',
    'fetch',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'queueMicrotask',
    'Promise',
    'crypto',
    'WeakRef',
    'FinalizationRegistry',
    'Atomics',
    'globalThis',
    'eval',
    'Function',
    'Intl',
  ]);

  it('reads no clock and no random source, and does not know the outside', () => {
    const own = new Map(stack.map((s) => [s, declaredNames(s.tree)]));
    const wrong = violations(stack, (node, source) => {
      if (
        !ts.isIdentifier(node) ||
        ts.isTypeNode(node.parent) ||
        isMemberName(node) ||
        own.get(source)?.has(node.text)
      ) {
        return undefined;
      }
      const random = node.text === 'Math' && /^Math\.random\b/.test(node.parent.getText());
      return FORBIDDEN.has(node.text) || random ? node.parent.getText().slice(0, 60) : undefined;
    });
    assert.deepEqual(wrong, []);
  });

  it('is synchronous', () => {
    const wrong = violations(stack, (node) =>
      node.kind === ts.SyntaxKind.AsyncKeyword ||
      ts.isAwaitExpression(node) ||
      ts.isYieldExpression(node) ||
      (ts.isFunctionLike(node) && 'asteriskToken' in node && node.asteriskToken)
        ? 'async or generator'
        : undefined,
    );
    assert.deepEqual(wrong, []);
  });

  it('has no variable at module level, only constants', () => {
    const wrong = stack.flatMap((s) =>
      s.tree.statements
        .filter((n) => ts.isVariableStatement(n) && !(n.declarationList.flags & ts.NodeFlags.Const))
        .map((n) => at(s, lineOf(s, n), n.getText().slice(0, 60))),
    );
    assert.deepEqual(wrong, []);
  });

  it('has no static fields that change: all state is under `machine`', () => {
    const wrong = violations(stack, (node) => {
      const kinds = ts.isPropertyDeclaration(node) ? ts.getModifiers(node)?.map((m) => m.kind) : undefined;
      const changes = kinds?.includes(ts.SyntaxKind.StaticKeyword) && !kinds.includes(ts.SyntaxKind.ReadonlyKeyword);
      return changes ? node.getText().slice(0, 60) : undefined;
    });
    assert.deepEqual(wrong, []);
  });

  it('says with @packet which functions handle one', () => {
    const holds = (p: ts.ParameterDeclaration): boolean =>
      /^(mbuf|sk_buff|readonly iovec\[\])( \| null)?$/.test(p.type?.getText() ?? '');
    const wrong = stack.flatMap((s) =>
      s.tree.statements
        .filter((n): n is ts.FunctionDeclaration => ts.isFunctionDeclaration(n) && n.parameters.some(holds))
        .filter((n) => !/@(packet|nodebug)\b/.test(s.text.slice(n.getFullStart(), n.getStart())))
        .map((n) => at(s, lineOf(s, n), n.name?.text ?? '')),
    );
    assert.deepEqual(wrong, []);
  });

  it('documents every function and struct', () => {
    const wrong = stack.flatMap((s) =>
      s.tree.statements
        .filter((n) => ts.isFunctionDeclaration(n) || ts.isClassDeclaration(n) || ts.isInterfaceDeclaration(n))
        .filter((n) => !(ts.getJSDocCommentsAndTags(n).length > 0))
        .map((n) => at(s, lineOf(s, n), n.name?.text ?? '')),
    );
    assert.deepEqual(wrong, []);
  });
});

describe('sources', () => {
  it(`no file has more than ${MAX_LINES} lines`, () => {
    const long = all.map((s) => [s.path, s.text.split('\n').length] as const).filter(([, n]) => n > MAX_LINES);
    assert.deepEqual(long, []);
  });

  it('no test is left exclusive', () => {
    const wrong = violations(
      all.filter((s) => s.path.startsWith('test/')),
      (node) =>
        ts.isCallExpression(node) && /^(it|describe)\.only$/.test(node.expression.getText()) ? 'only' : undefined,
    );
    assert.deepEqual(wrong, []);
  });
});

/** `x` in `a.x`, `{ x: 1 }`, a field or a parameter of that name: not a reference to a global. */
function isMemberName(node: ts.Identifier): boolean {
  const p = node.parent;
  if (ts.isPropertyAccessExpression(p) || ts.isPropertyAssignment(p)) {
    return p.name === node;
  }
  return (ts.isClassElement(p) || ts.isTypeElement(p) || ts.isParameter(p)) && p.name === node;
}

/** Names that a file declares somewhere, such as a parameter `console`: they are not the globals. */
function declaredNames(node: ts.Node, names = new Set<string>()): Set<string> {
  if ((ts.isParameter(node) || ts.isVariableDeclaration(node)) && ts.isIdentifier(node.name)) {
    names.add(node.name.text);
  }
  ts.forEachChild(node, (child) => {
    declaredNames(child, names);
  });
  return names;
}
