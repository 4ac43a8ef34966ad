/** What to do about a condition that failed because in this call a pointer is NULL. */
import type { EngineApi } from '../engine/api.ts';

/**
 * A sentence that names the pointers of this call that are NULL and in the condition of a breakpoint, and how to write
 * that; empty if it is nothing of the kind. While stopped there.
 */
export async function conditionAdvice(engine: EngineApi, breakpoint: number): Promise<string> {
  const text = engine.breakpoints.find((b) => b.id === breakpoint)?.spec.condition?.text;
  const [top] = await engine.frames();
  if (text === undefined || top === undefined) {
    return '';
  }
  const missing = (await engine.args(top.index))
    .filter(({ name, value }) => value.kind === 'null' && used(text, name))
    .map(({ name }) => name);
  if (missing.length === 0) {
    return '';
  }
  const whole = /\|\||\?/.test(text) ? `(${text})` : text;
  const are = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} NULL`;
  return `In this call of ${top.fn.name} ${are}; write "${missing.join(' && ')} && ${whole}" to leave such calls out.`;
}

/** Whether something of what `name` points to is in the text. */
function used(text: string, name: string): boolean {
  return new RegExp(`(?<![\\w.>$])${name}\\s*(->|\\[)|\\*\\s*${name}\\b|\\$pkt\\b`).test(text);
}
