/** The language server of command scripts, over stdio as an editor runs it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type Range, root, ServerClient } from './client.ts';
import { scripts } from './random.ts';

interface Completions {
  readonly isIncomplete: boolean;
  readonly items: {
    readonly label: string;
    readonly detail: string;
    readonly textEdit: { readonly range: Range; readonly newText: string };
    readonly documentation?: { readonly value: string };
  }[];
}

interface Symbols {
  readonly name: string;
  readonly range: Range;
  readonly selectionRange: Range;
  readonly children: Symbols[];
}

describe('language server', () => {
  let client: ServerClient;
  let capabilities: Readonly<Record<string, unknown>>;

  before(async () => {
    client = new ServerClient();
    ({ capabilities } = await client.start());
  });

  after(async () => {
    assert.equal(await client.stop(), 0);
  });

  async function labels(marked: string): Promise<string[]> {
    return (await client.at<Completions>('completion', marked)).items.map((i) => i.label);
  }

  async function hovered(marked: string): Promise<string> {
    const hover = await client.at<{ contents: { value: string } } | null>('hover', marked);
    return hover?.contents.value ?? '';
  }

  it('answers every request that it advertises', async () => {
    const provided = Object.keys(capabilities).filter((name) => name.endsWith('Provider'));
    const requests: Record<string, () => Promise<unknown>> = {
      completionProvider: () => client.at('completion', 'break ma|'),
      hoverProvider: () => client.at('hover', 'break ma|in'),
      definitionProvider: () => client.at('definition', 'break ma|in'),
      documentSymbolProvider: () => client.ofDocument('documentSymbol', 'break main'),
      signatureHelpProvider: () => client.at('signatureHelp', 'break |'),
      codeLensProvider: () => client.ofDocument('codeLens', ''),
    };
    assert.deepEqual(provided.sort(), Object.keys(requests).sort());
    for (const [name, ask] of Object.entries(requests)) {
      assert.ok(await ask(), name);
    }
  });

  describe('completion', () => {
    it('offers commands and their abbreviations, with help', async () => {
      const { items } = await client.at<Completions>('completion', 'b|');
      const names = items.map((i) => i.label);
      assert.ok(['b', 'br', 'break', 'backtrace', 'bt'].every((n) => names.includes(n)));
      const bt = items.find((i) => i.label === 'bt')!;
      assert.equal(bt.detail, 'backtrace: Print backtrace of all stack frames, or innermost COUNT frames.');
      assert.match(bt.documentation!.value, /Usage: backtrace/);
    });

    it('offers subcommands, settings and their values', async () => {
      assert.ok((await labels('info |')).includes('registers'));
      assert.deepEqual(await labels('info regi|'), ['registers']);
      assert.ok((await labels('set print |')).includes('pretty'));
      assert.deepEqual(await labels('set print pretty |'), ['on', 'off']);
      assert.ok((await labels('show list|')).includes('listsize'));
    });

    it('offers commands that the script defines', async () => {
      assert.ok((await labels('define greet\n  echo hi\\n\nend\ngr|')).includes('greet'));
    });

    it('offers functions and files as places', async () => {
      assert.ok((await labels('break e1000_rec|')).includes('e1000_receive_iov'));
      assert.ok((await labels('tb hw/net/|')).includes('hw/net/e1000.ts'));
    });

    it('offers registers by name, after a $ and for info registers', async () => {
      const { items } = await client.at<Completions>('completion', 'p $RD|');
      const rdh = items.find((i) => i.label === '$RDH')!;
      assert.equal(rdh.detail, 'Receive Descriptor Head');
      assert.deepEqual(rdh.textEdit.range, { start: { line: 0, character: 2 }, end: { line: 0, character: 5 } });
      const resolved = await client.request<{ documentation: { value: string } }>('completionItem/resolve', rdh);
      assert.match(resolved.documentation.value, /offset 0x02810/);
      assert.ok((await labels('info registers RC|')).includes('RCTL'));
      assert.ok((await labels('info registers Rec|')).includes('Receive'));
    });

    it('offers fields of $pkt, in conditions too', async () => {
      assert.deepEqual(await labels('break main if $pkt.tcp.dst|'), ['$pkt.tcp.dstport']);
      assert.ok((await labels('p $pkt.|')).includes('$pkt.ip.src'));
    });

    it('offers options of the machine with descriptions and values', async () => {
      assert.ok((await labels('run |')).includes('-netdev'));
      assert.deepEqual(await labels('set args -netdev |'), ['user', 'hubport', 'socket', 'stream', 'dgram']);
      const { items } = await client.at<Completions>('completion', 'run -netdev user,id=n0,hostf|');
      assert.equal(items[0]!.label, 'hostfwd=');
      assert.match(items[0]!.detail, /Forward a port of the host/);
      assert.deepEqual(await labels('run -netdev user,restrict=|'), ['on', 'off']);
      assert.ok((await labels('run -netdev user,id=n0 -device e1000,|')).includes('mac='));
    });

    it('offers scripts as files', async () => {
      assert.deepEqual(await labels('source he|'), ['hello.pktgdb']);
    });

    it('offers nothing in comments and texts', async () => {
      assert.deepEqual(await labels('# br|'), []);
      assert.deepEqual(await labels('define a\nend\ndocument a\nbr|\nend'), []);
      assert.deepEqual(await labels('x/4|'), []);
    });
  });

  describe('hover', () => {
    it('shows the declaration and comment of a function', async () => {
      const text = await hovered('break e1000_rec|eive_iov');
      assert.match(text, /e1000_receive_iov\(nc: NetClientState, iov: readonly iovec\[\], iovcnt: number\)/);
      assert.match(text, /receive ring/);
      assert.match(text, /hw\/net\/e1000\.ts:\d+/);
    });

    it('shows a register with its bits', async () => {
      assert.match(await hovered('print $RC|TL'), /Receive Control[\s\S]*\| 1 \| EN \| Receiver enable/);
      assert.match(await hovered('info registers IC|R'), /Interrupt/);
    });

    it('shows fields, commands, functions, options', async () => {
      assert.match(await hovered('print $pkt.tcp.dst|port'), /Destination Port/);
      assert.match(await hovered('tbr|eak main'), /Set a temporary breakpoint/);
      assert.match(await hovered('info reg|isters'), /Registers of the NIC/);
      assert.match(await hovered('print $_str|eq("a", "b")'), /Return 1 if the strings/);
      assert.match(await hovered('run -netdev user,host|fwd=tcp::1-:2'), /Forward a port/);
      assert.match(await hovered('run -device e10|00'), /82540EM/);
    });

    it('is empty where there is nothing to say', async () => {
      assert.equal(await hovered('print no_such_na|me'), '');
      assert.equal(await hovered('# print $RC|TL'), '');
    });
  });

  describe('diagnostics', () => {
    it('find nothing in the examples', async () => {
      for (const name of readdirSync(join(root, 'examples')).filter((f) => f.endsWith('.pktgdb'))) {
        assert.deepEqual(await client.problems(readFileSync(join(root, 'examples', name), 'utf8')), [], name);
      }
    });

    it('find what is wrong, where it is', async () => {
      assert.deepEqual(await client.problems('break main\nbrek main\nprint $RDX\nbreak main if siz > 3'), [
        '2: [brek] Undefined command: "brek".  Try "help".  Did you mean break, tbreak, hbreak?',
        '3: warning: [$RDX] There is no register $RDX; as a convenience variable it is void. ' +
          'Did you mean $RDH, $RDT, $DC?',
        '4: [siz] No symbol "siz" in current context.',
      ]);
    });

    it('go away when the text is right', async () => {
      assert.equal((await client.check('brek main')).length, 1);
      assert.deepEqual(await client.check('break main'), []);
    });
  });

  describe('definition', () => {
    type Location = { readonly uri: string; readonly range: Range };

    async function target(marked: string): Promise<string> {
      const [location] = await client.at<Location[]>('definition', marked);
      if (!location) {
        return '';
      }
      const path = fileURLToPath(location.uri);
      assert.ok(existsSync(path) || location.uri === client.uri, path);
      return `${path.slice(root.length + 1)}: ${readFileSync(path, 'utf8').split('\n')[location.range.start.line]}`;
    }

    it('leads into the sources of the stack', async () => {
      assert.match(
        await target('break e1000_rec|eive_iov'),
        /^adapter\/stack\/hw\/net\/e1000\.ts: export function e1000_receive_iov/,
      );
      assert.match(await target('print mach|ine'), /^adapter\/stack\/softmmu\/machine\.ts: export const machine/);
      assert.match(await target('print $RD|H'), /^adapter\/stack\/hw\/net\/e1000_regs\.ts: export const RDH/);
      assert.match(await target('ptype E1000St|ate'), /class E1000State/);
      assert.match(await target('break e1000.c|:2'), /^adapter\/stack\/hw\/net\/e1000\.ts: /);
    });

    it('leads to scripts and to commands of this one', async () => {
      assert.match(await target('source hello.pk|tgdb'), /^examples\/hello\.pktgdb: /);
      const [own] = await client.at<Location[]>('definition', 'define greet\nend\ngre|et');
      assert.deepEqual(own, {
        uri: client.uri,
        range: { start: { line: 0, character: 7 }, end: { line: 0, character: 12 } },
      });
    });
  });

  it('outlines sections, commands and breakpoints', async () => {
    const text =
      '# Setup\nset confirm off\nbreak main\n\n# Helpers\ndefine greet\n  echo hi\\n\nend\n\necho == Run ==\\n\nrun\n';
    const outline = await client.ofDocument<Symbols[]>('documentSymbol', text);
    assert.deepEqual(
      outline.map((s) => [s.name, s.range.start.line, s.range.end.line, s.children.map((c) => c.name)]),
      [
        ['Setup', 0, 2, ['main']],
        ['Helpers', 4, 7, ['greet']],
        ['Run', 9, 10, []],
      ],
    );
    assert.equal(outline[1]!.children[0]!.range.end.line, 7);
  });

  it('helps with arguments', async () => {
    interface Help {
      readonly signatures: { readonly label: string; readonly parameters: { readonly label: string }[] }[];
      readonly activeParameter: number;
    }
    const help = await client.at<Help>('signatureHelp', 'break main |');
    assert.equal(help.signatures[0]!.label, 'break [LOCATION] [if CONDITION]');
    assert.deepEqual(help.signatures[0]!.parameters, [{ label: '[LOCATION]' }, { label: '[if CONDITION]' }]);
    assert.equal(help.activeParameter, 1);
    const call = await client.at<Help>('signatureHelp', 'print $_regex(text, |');
    assert.equal(call.signatures[0]!.label, '$_regex (STR, REGEX)');
    assert.equal(call.activeParameter, 1);
    assert.equal(await client.at('signatureHelp', '# |'), null);
  });

  it('offers to run the script', async () => {
    const [lens] = await client.ofDocument<{ command: object }[]>('codeLens', 'run\n');
    assert.deepEqual(lens!.command, {
      title: '$(play) Run this script',
      command: 'pktgdb.runScript',
      arguments: [client.uri],
    });
  });

  it('survives any text and any position', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(scripts, fc.nat(), fc.nat(), async (text, a, b) => {
        client.set(text);
        const lines = text.split('\n');
        const line = a % (lines.length + 1);
        const place = {
          textDocument: { uri: client.uri },
          position: { line, character: b % ((lines[line]?.length ?? 0) + 2) },
        };
        for (const method of ['completion', 'hover', 'definition', 'signatureHelp', 'documentSymbol', 'codeLens']) {
          await client.request(`textDocument/${method}`, place);
        }
      }),
      { numRuns: 150 },
    );
    // One that is wrong at the end shows that the checker is alive, and that no text before has stopped it.
    assert.match((await client.problems('brek')).join(), /Undefined command/);
  });
});
