/** What suites of the DAP do before and after each test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PKTGDB } from '../kit/paths.ts';
import { fakeSession, processSession, type Session, type TestClient } from './client.ts';
import type { DapEngine } from './fake-engine.ts';

/** Gives each test a client of the adapter in a process of its own, which must end well when its input ends. */
export function withAdapter(use: (client: TestClient) => void): void {
  let child: ReturnType<typeof processSession>['child'];

  beforeEach(() => {
    const session = processSession(PKTGDB, ['-i', 'dap']);
    child = session.child;
    use(session.client);
  });

  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.stdin?.end();
      await exited;
    }
    assert.equal(child.exitCode, 0);
  });
}

/** A stopped session over the fake engine, with the memory that its NIC shares. */
export interface NicSession extends Session<DapEngine> {
  readonly regs: Uint32Array;
  readonly ram: DataView;
}

/** Gives each test such a session. */
export function withNic(use: (session: NicSession) => void): void {
  let session: Session<DapEngine>;

  beforeEach(async () => {
    session = fakeSession();
    await session.client.begin({ stopOnEntry: true });
    await session.client.stoppedEvent();
    const { shared } = session.engine;
    const regs = new Uint32Array(shared.get('e1000.0/mac_reg')!);
    use({ ...session, regs, ram: new DataView(shared.get('ram')!) });
  });

  afterEach(async () => {
    session.client.input.end();
    await session.ended;
  });
}
