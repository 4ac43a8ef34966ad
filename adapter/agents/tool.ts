/** What a tool for coding agents is: it has a name, arguments with a schema, and answers with a structure. */
import type { z } from 'zod';
import type { AgentSession, AgentState } from './agent-session.ts';
import type { PortLaunch, StartPort } from './port.ts';

/** An error whose message is the answer: what was wrong, and what to do. */
export class ToolError extends Error {
  override name = 'ToolError';
}

/**
 * What a tool answers. `data` holds whatever comes from packets, the guest, the host or memory; clients are told that
 * it is data. All else is ours.
 */
export interface ToolAnswer {
  readonly [key: string]: unknown;
  readonly session?: string;
  readonly data?: unknown;
}

/** The sessions of a server. */
export interface SessionBook {
  readonly all: readonly AgentSession[];
  /** Starts one. Throws `ToolError` if there are too many, or it may not change what it wants to. */
  start(start: PortLaunch, mayChange: boolean): Promise<AgentSession>;
  /** Throws `ToolError` for an id that is none. */
  get(id: string): AgentSession;
  end(id: string): Promise<void>;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** It changes nothing but where in its session's time one stands. */
  readonly readOnly: boolean;
  readonly run: (sessions: SessionBook, args: Readonly<Record<string, unknown>>) => Promise<ToolAnswer>;
}

/** Declares a tool whose arguments have the types that its schema says. */
export function tool<S extends z.ZodObject>(
  spec: Omit<Tool, 'run' | 'input'> & {
    readonly input: S;
    readonly run: (sessions: SessionBook, args: z.infer<S>) => Promise<ToolAnswer>;
  },
): Tool {
  const { input, run } = spec;
  return { ...spec, run: (sessions, args) => run(sessions, input.parse(args)) };
}

/** How the machine stands, for answers of tools that let it run. */
export function stateOf(session: AgentSession, { state, ...rest }: AgentState): ToolAnswer {
  return { session: session.id, state, ...rest };
}

export type { StartPort };
