/**
 * Checks that a message is valid by the protocol. The schema is made from the types of @vscode/debugprotocol, and has
 * no property that they do not have.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';

const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

interface Schema {
  readonly definitions: Readonly<Record<string, object>>;
}

/** The schema; making it takes seconds, so it is kept for the version of the types. */
async function protocolSchema(): Promise<Schema> {
  const { version } = require('@vscode/debugprotocol/package.json') as { version: string };
  const kept = join(root, `.cache/dap-schema-${version}.json`);
  try {
    return JSON.parse(readFileSync(kept, 'utf8')) as Schema;
  } catch {
    const { createGenerator } = await import('ts-json-schema-generator');
    const path = require.resolve('@vscode/debugprotocol/lib/debugProtocol.d.ts');
    const made = createGenerator({ path, type: '*', skipTypeCheck: true, additionalProperties: false });
    const schema = made.createSchema('*') as Schema;
    mkdirSync(dirname(kept), { recursive: true });
    // Another process may be doing the same.
    writeFileSync(`${kept}.${process.pid}`, JSON.stringify(schema));
    renameSync(`${kept}.${process.pid}`, kept);
    return schema;
  }
}

const schema = await protocolSchema();
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addSchema({ ...schema, $id: 'dap' });
const validators = new Map<string, ValidateFunction>();

/** The type of an event, request or response: `ProgressStartEvent`, `StackTraceResponse`. */
function typeOf(name: string, kind: 'Event' | 'Request' | 'Response'): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}${kind}`;
}

function check(type: string, message: unknown, what: string): void {
  const name = `DebugProtocol.${type}`;
  assert.ok(name in schema.definitions, `${what}, which the protocol does not know`);
  const validate = validators.get(name) ?? ajv.compile({ $ref: `dap#/definitions/${name}` });
  validators.set(name, validate);
  assert.ok(
    validate(message),
    `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(message).slice(0, 1000)}`,
  );
}

/** Requests and events between this adapter and its own extension. */
const CUSTOM = 'pktgdb/';

/** Throws an assertion error that says what is wrong with `message`. */
export function checkMessage(message: unknown): void {
  const m = message as Record<string, unknown>;
  assert.ok(Number.isInteger(m['seq']), 'seq is a whole number');
  if (m['type'] === 'event') {
    const name = String(m['event']);
    if (!name.startsWith(CUSTOM)) {
      check(typeOf(name, 'Event'), message, `event ${name}`);
    }
    return;
  }
  if (m['type'] === 'request') {
    check(typeOf(String(m['command']), 'Request'), message, `request ${m['command']}`);
    return;
  }
  assert.equal(m['type'], 'response');
  const command = String(m['command']);
  if (m['success'] !== true) {
    check('ErrorResponse', message, `error response ${command}`);
  } else if (!command.startsWith(CUSTOM)) {
    check(typeOf(command, 'Response'), message, `response ${command}`);
  }
}
