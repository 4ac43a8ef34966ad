/** What the extension loads when an agent calls a tool: the tools, and the sessions that they work on. */
import type { StartPort } from './port.ts';
import { Sessions } from './sessions.ts';
import { callTool, TOOLS, type ToolResult } from './tools.ts';

/** Calls tools by name on sessions of its own. */
export class ToolCaller {
  readonly #sessions: Sessions;

  constructor(start: StartPort, mayChange: () => boolean) {
    this.#sessions = new Sessions(start, mayChange);
  }

  /** What a tool answers; an error is an answer too. */
  async call(name: string, input: unknown): Promise<ToolResult> {
    const tool = TOOLS.find((one) => one.name === name);
    return tool
      ? callTool(this.#sessions, tool, input)
      : { ok: false, answer: { error: `There is no tool "${name}".` } };
  }
}
