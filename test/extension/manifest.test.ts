/** The manifest: strings, files, and what it promises of activation and trust. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCaptureName } from '../../src/captures/names.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const text = readFileSync(join(root, 'package.json'), 'utf8');
const manifest = JSON.parse(text) as {
  icon: string;
  activationEvents: string[];
  contributes: {
    commands: {
      command: string;
      title: string;
      category: string;
      icon?: string | { light: string; dark: string };
      enablement?: string;
    }[];
    debuggers: {
      configurationAttributes: Record<'launch' | 'attach', { properties: Record<string, object> }>;
      initialConfigurations: Record<string, unknown>[];
      configurationSnippets: { body: Record<string, unknown> }[];
    }[];
    menus: Record<string, { command: string; when: string }[]>;
    views: { debug: { id: string; when: string }[] };
    customEditors: { viewType: string; priority: string; selector: { filenamePattern: string }[] }[];
    keybindings: { command: string; key: string; when: string }[];
    walkthroughs: { steps: { id: string; media: { markdown: string }; description: string }[] }[];
  };
};
const { contributes } = manifest;
const debuggerOf = contributes.debuggers[0]!;

describe('manifest', () => {
  it('has all its strings in package.nls.json, and no others are there', () => {
    const strings = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Record<string, string>;
    const used = [...text.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key!);
    assert.deepEqual([...new Set(used)].sort(), Object.keys(strings).sort());
    // What is said to a model is not translated.
    const { languageModelTools: _tools, ...forPeople } = contributes as { languageModelTools?: unknown };
    const words = JSON.stringify(forPeople);
    assert.doesNotMatch(words, /"(title|description|markdownDescription|label)":"[^%]/);
  });

  it('has the strings of the code in the bundle for translators', () => {
    execFileSync(process.execPath, [join(root, 'scripts/l10n.mjs'), '--check']);
  });

  it('names files that exist, and a picture of 128 by 128 as icon', () => {
    const steps = contributes.walkthroughs.flatMap((w) => w.steps);
    const icons = contributes.commands.flatMap(({ icon }) => (typeof icon === 'object' ? [icon.light, icon.dark] : []));
    for (const file of [manifest.icon, ...icons, ...steps.map((s) => s.media.markdown)]) {
      assert.ok(existsSync(join(root, file)), file);
    }
    const png = readFileSync(join(root, manifest.icon));
    assert.deepEqual([png.toString('latin1', 1, 4), png.readUInt32BE(16), png.readUInt32BE(20)], ['PNG', 128, 128]);
  });

  it('wakes up for its own sessions, views, languages and commands only', () => {
    for (const event of manifest.activationEvents) {
      assert.match(event, /:pktgdb/);
    }
  });

  it('lists captures when they are clicked, packed ones too, and nothing else', () => {
    const [editor] = contributes.customEditors;
    assert.deepEqual([editor?.viewType, editor?.priority], ['pktgdb.capture', 'default']);
    const patterns = editor!.selector.map(({ filenamePattern }) => filenamePattern);
    assert.ok(
      ['*.pcap', '*.pcapng', '*.cap', '*.pcap.gz', '*.pcapng.gz', '*.pcap.zst'].every((p) => patterns.includes(p)),
    );
    for (const pattern of patterns) {
      assert.ok(isCaptureName(pattern.replace('*', 'x')), pattern);
    }
  });

  it('gives F5 to a listing only while nothing is debugged, when it is Continue', () => {
    const f5 = contributes.keybindings.find(({ key }) => key === 'f5');
    assert.deepEqual(
      [f5?.command, f5?.when],
      ['pktgdb.replayCapture', 'activeCustomEditorId == pktgdb.capture && !inDebugMode'],
    );
  });

  it('has buttons of the debug toolbar in its own sessions with a history only, enabled while they stand', () => {
    const buttons = contributes.menus['debug/toolBar'] ?? [];
    assert.ok(buttons.length > 0);
    for (const { command, when } of buttons) {
      assert.equal(when, 'debugType == pktgdb && pktgdb.history', command);
      const { icon, enablement } = contributes.commands.find((c) => c.command === command) ?? {};
      assert.ok(icon !== undefined, command);
      assert.match(enablement ?? '', /debugState == stopped/, command);
    }
  });

  it('shows its views in its own sessions only', () => {
    for (const { id, when } of contributes.views.debug) {
      assert.match(when, /^debugType == pktgdb/, id);
    }
  });

  it('declares the commands that its menus and walkthrough use', () => {
    const known = new Set(contributes.commands.map(({ command }) => command));
    const used = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
      ...[...readFileSync(join(root, 'package.nls.json'), 'utf8').matchAll(/command:(pktgdb\.[\w.]+)/g)].map(
        ([, c]) => c!,
      ),
    ].filter((command) => !command.endsWith('.focus'));
    for (const command of used) {
      assert.ok(known.has(command), command);
    }
    assert.deepEqual(
      contributes.walkthroughs[0]?.steps.map(({ id }) => id),
      ['run', 'break', 'look'],
    );
  });

  it('offers configurations whose attributes it knows', () => {
    const { launch, attach } = debuggerOf.configurationAttributes;
    const bodies = [...debuggerOf.initialConfigurations, ...debuggerOf.configurationSnippets.map(({ body }) => body)];
    assert.ok(bodies.length >= 6);
    for (const body of bodies) {
      assert.equal(body['type'], 'pktgdb');
      assert.ok(body['request'] === 'launch' || body['request'] === 'attach');
      const { properties } = body['request'] === 'attach' ? attach : launch;
      const known = [...Object.keys(properties), 'type', 'request', 'name'];
      assert.deepEqual(
        Object.keys(body).filter((key) => !known.includes(key)),
        [],
      );
    }
  });
});
