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

function site(node: Node): string {
  const { functionName, url, lineNumber } = node.callFrame;
  const file = url.replace(/^.*\/(?:dist\/stack\/(?:release|debug)|test)\//, '');
  return `${functionName || '(top level)'} ${file === '' ? '(engine)' : `${file}:${lineNumber + 1}`}`;
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
  const visit = (node: Node): void => {
    by.set(site(node), (by.get(site(node)) ?? 0) + node.selfSize);
    node.children.forEach(visit);
  };
  visit(profile!.head);
  return [...by]
    .filter(([, bytes]) => bytes > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([where, bytes]) => ({ where, bytes }));
}
