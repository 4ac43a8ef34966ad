/** All that is shown of a register comes from its row in the stack's table, as the recipe "Add a register" promises. */
import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { RegisterLayout, RegistersBody } from '../../adapter/dap/custom.ts';
import { GdbInterpreter } from '../../adapter/gdb/interpreter.ts';
import { e1000Svd } from '../../adapter/inspect/svd.ts';
import { E1000_REGISTERS, type RegisterInfo } from '../../adapter/stack/hw/net/e1000_regs.ts';
import { registerMarkdown } from '../../src/views/register-format.ts';
import { fakeSession, type TestClient } from '../dap/client.ts';
import type { DapEngine } from '../dap/fake-engine.ts';
import { ServerClient } from '../language/client.ts';

/** A value for each register and element that no other has, with bit 31 set. */
function stored(info: RegisterInfo, element = 0): number {
  return 0x80000000 + info.offset + element * info.stride;
}

const SINGLE = E1000_REGISTERS.filter(({ count }) => count === 1);
const NAMES = E1000_REGISTERS.map(({ name }) => name);

function sorted(names: Iterable<string>): string[] {
  return [...names].sort();
}

/** Text without what Markdown and XML make of special characters. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

/** The text names the register's fields, what they are and what their values mean. */
function assertFields(text: string, info: RegisterInfo): void {
  for (const { name, description, values } of info.fields) {
    for (const part of [name, description, ...Object.values(values ?? {})]) {
      assert.ok(plain(text).includes(part), `${info.name}.${name}: ${part}`);
    }
  }
}

describe('every register of the table', () => {
  let client: TestClient;
  let engine: DapEngine;
  let ended: Promise<void>;
  let gdb: GdbInterpreter;
  let printed = '';

  before(async () => {
    ({ client, engine, ended } = fakeSession());
    await client.begin({ stopOnEntry: true });
    await client.stoppedEvent();
    const registers = new Uint32Array(engine.shared.get('e1000.0/mac_reg')!);
    for (const info of E1000_REGISTERS) {
      for (let i = 0; i < info.count; i++) {
        registers[(info.offset + i * info.stride) >> 2] = stored(info, i);
      }
    }
    gdb = new GdbInterpreter(engine, {
      waitForStops: true,
      write: (text) => {
        printed += text;
      },
    });
  });

  after(async () => {
    gdb.dispose();
    client.input.end();
    await ended;
  });

  async function run(line: string): Promise<string> {
    printed = '';
    await gdb.execute(line, true);
    return printed;
  }

  it('is in `info registers`, in its group', async () => {
    const text = await run('info registers');
    for (const [i, info] of E1000_REGISTERS.entries()) {
      const row = new RegExp(`^${info.name}(\\[0\\])? +0x${stored(info).toString(16)} `, 'm').exec(text);
      assert.ok(row, info.name);
      const heading = [...text.slice(0, row.index).matchAll(/^(\w+)(?: \(.*\))?:$/gm)].at(-1)?.[1];
      assert.equal(heading, info.group, `${i}: ${info.name}`);
    }
  });

  it('is shown by name, an array with its elements', async () => {
    for (const info of E1000_REGISTERS) {
      const rows = (await run(`info registers ${info.name.toLowerCase()}`)).trimEnd().split('\n');
      const last = rows.length - 1;
      const name = info.count === 1 ? info.name : `${info.name}[${last}]`;
      assert.ok(info.count === 1 ? last === 0 : last > 0, info.name);
      assert.match(
        rows[last]!,
        new RegExp(`^${name.replace(/[[\]]/g, '\\$&')} +0x${stored(info, last).toString(16)} `),
      );
    }
  });

  it('has a type', async () => {
    for (const info of E1000_REGISTERS) {
      const text = await run(`ptype $${info.name}`);
      assert.ok(text.includes(info.description) && text.includes(info.section), info.name);
      assertFields(text, info);
      const array = info.count > 1 ? ` [${info.count}]` : '';
      const type = info.fields.length > 0 ? `struct ${info.name}` : 'uint32_t';
      assert.equal(await run(`whatis $${info.name}`), `type = ${type}${array}\n`);
    }
  });

  it('is in the scope Registers', async () => {
    for (const group of await client.scope('Registers')) {
      const rows = await client.children(group.variablesReference);
      const infos = E1000_REGISTERS.filter((info) => info.group === group.name);
      assert.deepEqual(
        rows.map(({ name }) => name),
        infos.map(({ name }) => name),
      );
      for (const [i, info] of infos.entries()) {
        const row = rows[i]!;
        assert.ok(row.type?.startsWith(`${info.description} (offset 0x`), info.name);
        const first = info.count === 1 ? row : await element(row);
        assert.equal(first.value, `0x${stored(info).toString(16)}`, info.name);
        const fields = first.variablesReference > 0 ? await client.children(first.variablesReference) : [];
        assert.deepEqual(
          fields.map(({ name, type }) => [name, type?.replace(/ \(bits? [\d-]+\)$/, '')]),
          info.fields.map(({ name, description }) => [name, description]),
        );
      }
    }
  });

  async function element(array: DebugProtocol.Variable): Promise<DebugProtocol.Variable> {
    const [first] = await client.children(array.variablesReference, { filter: 'indexed', start: 0, count: 1 });
    assert.equal(first?.name, '[0]');
    return first;
  }

  it('is in the view Registers', async () => {
    const ask = async <T>(command: string, args = {}): Promise<T> =>
      (await client.ask<DebugProtocol.Response>(command, args)) as T;
    const { groups } = await ask<RegisterLayout>('pktgdb/registerLayout');
    const described = groups.flatMap(({ name, registers }) => registers.map((r) => ({ ...r, group: name, width: 32 })));
    assert.deepEqual(described, E1000_REGISTERS);
    const ranges = E1000_REGISTERS.map(({ offset, stride }) => ({ nic: 'e1000.0', offset, stride, count: 1 }));
    const body = await ask<RegistersBody>('pktgdb/registers', { ranges });
    assert.deepEqual(
      body.nics.map(({ values }) => values),
      [SINGLE.map((info) => stored(info))],
    );
    assert.deepEqual(
      body.ranges.flat(),
      E1000_REGISTERS.map((info) => stored(info)),
    );
    for (const info of described) {
      const text = registerMarkdown(info, info.reset);
      assert.ok(plain(text).includes(info.description) && text.includes(info.section), info.name);
      for (const { name, description } of info.fields) {
        assert.match(
          plain(text),
          new RegExp(`\\| ${name} \\| .* \\| ${description.replace(/[()/+*?.[\]]/g, '\\$&')} \\|`),
        );
      }
    }
  });

  it('is in the SVD file', () => {
    const registers = e1000Svd().match(/<register>.*?<\/register>/gs) ?? [];
    assert.equal(registers.length, E1000_REGISTERS.length);
    for (const [i, info] of E1000_REGISTERS.entries()) {
      const text = registers[i]!;
      assert.ok(text.includes(`<name>${info.name}${info.count > 1 ? '[%s]' : ''}</name>`), info.name);
      assert.ok(text.includes(`<addressOffset>0x${info.offset.toString(16).padStart(8, '0')}<`), info.name);
      assert.ok(plain(text).includes(info.description), info.name);
      assertFields(text, info);
    }
  });

  describe('in a script', () => {
    let server: ServerClient;

    before(async () => {
      server = new ServerClient();
      await server.start();
    });

    after(async () => {
      assert.equal(await server.stop(), 0);
    });

    async function labels(marked: string): Promise<string[]> {
      const { items } = await server.at<{ items: { label: string }[] }>('completion', marked);
      return items.map(({ label }) => label);
    }

    it('is completed, where it has a value', async () => {
      const words = await labels('info registers |');
      assert.deepEqual(sorted(words.filter((w) => NAMES.includes(w))), sorted(SINGLE.map(({ name }) => name)));
      const dollars = (await labels('print $|')).map((w) => w.slice(1));
      assert.deepEqual(sorted(dollars.filter((w) => NAMES.includes(w))), sorted(SINGLE.map(({ name }) => name)));
    });

    it('is explained by a hover', async () => {
      for (const info of E1000_REGISTERS) {
        const hover = await server.at<{ contents: { value: string } } | null>('hover', `print $${info.name}|`);
        const text = hover?.contents.value ?? '';
        assert.ok(text.startsWith(`**$${info.name}** ${info.description}`), info.name);
        assertFields(text, info);
      }
    });
  });

  it('is completed at the prompt, where it has a value', () => {
    const names = (typed: string, prefix: string): string[] =>
      sorted(
        gdb
          .complete(typed)
          .map((line) => line.slice(prefix.length))
          .filter((name) => NAMES.includes(name)),
      );
    assert.deepEqual(names('info registers ', 'info registers '), sorted(SINGLE.map(({ name }) => name)));
    assert.deepEqual(names('print $', 'print $'), sorted(SINGLE.map(({ name }) => name)));
  });
});
