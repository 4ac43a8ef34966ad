/** Coding agents: VS Code's language model tools, called as an agent would, on sessions that the user sees. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scene } from './scene.ts';

const SESSION = { session: 's1' };

const CALLS = (folder: string): object[] => [
  ['pktgdb_start', { capture: join(folder, '02-hello.pcap') }],
  ['pktgdb_stop_at', { ...SESSION, packet_filter: 'tcp.len > 0' }],
  ['pktgdb_continue', SESSION],
  ['pktgdb_look', { ...SESSION, what: ['stack', 'packet'] }],
  ['pktgdb_last_write', { ...SESSION, expression: '$RDT' }],
  ['pktgdb_look', { session: 's2', what: ['stack'] }],
];

describe('coding agents', () => {
  scene(
    'call tools that start a session in the window, stop at a packet, and find who wrote a register',
    (_port, folder) => ({ 'agent.json': JSON.stringify(CALLS(folder)) }),
    async (s) => {
      const { vscode } = s;
      await vscode.command('Agent Driver: Call Tools');
      await vscode.page
        .getByText(`Agent: ${CALLS('').length} answers`)
        .first()
        .waitFor({ timeout: 90_000 });
      const answers = JSON.parse(readFileSync(join(s.folder, 'answers.json'), 'utf8'));
      const [start, , stop, look, writer, refused] = answers;
      assert.equal(start.session, 's1');
      assert.equal(stop.state, 'stopped');
      assert.match(JSON.stringify(look.data.packet), /Hello/);
      assert.match(writer.data.rows[0].text, /\$RDT: .* in set_rdt/);
      assert.match(refused.refused, /There is no session "s2"/);
      await vscode.page.getByText('Exception has occurred: packet').first().waitFor();
      await s.shot('agent');
    },
  );
});
