/** What a piece of work allocates, and where, by V8's sampling heap profiler. */
import { Session } from 'node:inspector';

/** A place that allocates, as `function file:line`, and how many bytes. */
export interface AllocationSite {
  readonly where: string;
  readonly bytes: number;
}

interface Node {
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly selfSize: number;
  readonly children: readonly Node[];
}

/** Bytes between samples; what is found is rounded to it. */
const INTERVAL = 4096;

/** A function of the profile; one of the engine's own is no help without its caller. */
function site(node: Node, caller: string): string {
  const { functionName, url, lineNumber } = node.callFrame;
  const name = functionName || '(top level)';
  const file = url.replace(/^.*\/(?:dist\/stack\/(?:release|debug)|test)\//, '');
  return file === '' ? `${name} < ${caller}` : `${name} ${file}:${lineNumber + 1}`;
}

/** Runs `work` and returns its allocations, most first; garbage counts. */
export async function allocations(work: () => void): Promise<readonly AllocationSite[]> {
  const session = new Session();
  session.connect();
  const post = (method: string, params: object = {}): Promise<{ profile?: { head: Node } }> =>
    new Promise((resolve, reject) => {
      session.post(method, params, (e, r) => (e ? reject(e) : resolve((r ?? {}) as { profile?: { head: Node } })));
    });
  await post('HeapProfiler.startSampling', {
    samplingInterval: INTERVAL,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  work();
  const { profile } = await post('HeapProfiler.stopSampling');
  session.disconnect();
  const by = new Map<string, number>();
  const visit = (node: Node, caller: string): void => {
    const where = site(node, caller);
    by.set(where, (by.get(where) ?? 0) + node.selfSize);
    for (const child of node.children) {
      visit(child, where);
    }
  };
  visit(profile!.head, '');
  return [...by]
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([where, bytes]) => ({ where, bytes }));
}
