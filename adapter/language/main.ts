/**
 * The language server of command scripts (`*.pktgdb`), on stdio or the channel that the client opens. It needs no
 * session.
 */
import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  CompletionItemKind,
  type CompletionList,
  createConnection,
  DiagnosticSeverity,
  type DocumentSymbol,
  type InitializeResult,
  MarkupKind,
  ProposedFeatures,
  SymbolKind,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { CandidateKind } from '../commands/candidates.ts';
import { Analysis } from './analysis.ts';
import { complete, describe, MAX_ITEMS } from './completion.ts';
import { diagnose } from './diagnostics.ts';
import { hover } from './hover.ts';
import { definition, type ScriptSymbol, signature, symbols } from './navigation.ts';
import { Script } from './script.ts';

/** A change is checked when nothing more has been typed for this long. */
const DEBOUNCE_MS = 200;

/** Longer texts are no scripts; they are left alone. */
const MAX_LENGTH = 2_000_000;

const COMPLETION_KINDS: Readonly<Record<CandidateKind, CompletionItemKind>> = {
  command: CompletionItemKind.Keyword,
  function: CompletionItemKind.Function,
  file: CompletionItemKind.File,
  register: CompletionItemKind.Field,
  field: CompletionItemKind.Property,
  variable: CompletionItemKind.Variable,
  constant: CompletionItemKind.Constant,
  struct: CompletionItemKind.Struct,
  option: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
  setting: CompletionItemKind.Module,
};

const SYMBOL_KINDS: Readonly<Record<ScriptSymbol['kind'], SymbolKind>> = {
  section: SymbolKind.Namespace,
  command: SymbolKind.Function,
  breakpoint: SymbolKind.Event,
};

/** `--stdio` and the like say how; without any, stdio. */
const named = process.argv.some((a) => /^--(?:stdio|node-ipc|socket|pipe|clientProcessId)/.test(a));
const connection = named
  ? createConnection(ProposedFeatures.all)
  : createConnection(ProposedFeatures.all, process.stdin, process.stdout);
const documents = new TextDocuments(TextDocument);
let loaded: Analysis | undefined;

/** The debug info is read when the first script is opened. */
function analysis(): Analysis {
  loaded ??= new Analysis();
  return loaded;
}

const scripts = new WeakMap<TextDocument, { readonly version: number; readonly script: Script }>();

function scriptOf(uri: string): Script | undefined {
  const document = documents.get(uri);
  if (!document) {
    return undefined;
  }
  const known = scripts.get(document);
  if (known?.version === document.version) {
    return known.script;
  }
  const text = document.getText();
  const script = new Script(text.length > MAX_LENGTH ? '' : text);
  scripts.set(document, { version: document.version, script });
  return script;
}

/** Folder of a document, where relative names in it start. */
function folderOf(uri: string): string {
  return uri.startsWith('file:') ? dirname(fileURLToPath(uri)) : process.cwd();
}

connection.onInitialize(
  (): InitializeResult => ({
    serverInfo: { name: 'pktgdb' },
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Incremental,
      completionProvider: { triggerCharacters: ['$', '.', ' ', '-', ',', '=', '/', ':'], resolveProvider: true },
      hoverProvider: true,
      definitionProvider: true,
      documentSymbolProvider: true,
      signatureHelpProvider: { triggerCharacters: [' ', '(', ','] },
      codeLensProvider: {},
    },
  }),
);

// ---- diagnostics ----

const waiting = new Map<string, NodeJS.Timeout>();

documents.onDidChangeContent(({ document: { uri } }) => {
  clearTimeout(waiting.get(uri));
  waiting.set(
    uri,
    setTimeout(() => {
      waiting.delete(uri);
      publish(uri);
    }, DEBOUNCE_MS),
  );
});

documents.onDidClose(({ document: { uri } }) => {
  clearTimeout(waiting.get(uri));
  waiting.delete(uri);
  void connection.sendDiagnostics({ uri, diagnostics: [] });
});

function publish(uri: string): void {
  const script = scriptOf(uri);
  const version = documents.get(uri)?.version;
  if (!script || version === undefined) {
    return;
  }
  try {
    const diagnostics = diagnose(analysis(), script).map(({ range, message, severity }) => ({
      range,
      message,
      severity: severity === 'error' ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      source: 'pktgdb',
    }));
    void connection.sendDiagnostics({ uri, version, diagnostics });
  } catch (error) {
    connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

// ---- requests ----

connection.onCompletion(({ textDocument: { uri }, position }): CompletionList => {
  const script = scriptOf(uri);
  const found = script ? complete(analysis(), script, position, folderOf(uri)) : [];
  const items = found.map(({ label, kind, detail, range, documentation }) => ({
    label,
    kind: COMPLETION_KINDS[kind],
    detail,
    filterText: label,
    textEdit: { range, newText: label },
    ...(documentation ? { documentation: { kind: MarkupKind.Markdown, value: documentation } } : {}),
    ...(/[=/]$/.test(label) ? { command: { title: '', command: 'editor.action.triggerSuggest' } } : {}),
  }));
  return { isIncomplete: items.length >= MAX_ITEMS, items };
});

connection.onCompletionResolve((item) => {
  const value = item.documentation ? '' : describe(analysis(), item.label);
  return value === '' ? item : { ...item, documentation: { kind: MarkupKind.Markdown, value } };
});

connection.onHover(({ textDocument: { uri }, position }) => {
  const script = scriptOf(uri);
  const found = script && hover(analysis(), script, position);
  return found ? { range: found.range, contents: { kind: MarkupKind.Markdown, value: found.text } } : null;
});

connection.onDefinition(({ textDocument: { uri }, position }) => {
  const script = scriptOf(uri);
  const places = script ? definition(analysis(), script, position, folderOf(uri)) : [];
  return places.map(({ path, range }) => ({ uri: path === undefined ? uri : pathToFileURL(path).href, range }));
});

connection.onDocumentSymbol(({ textDocument: { uri } }): DocumentSymbol[] => {
  const script = scriptOf(uri);
  return script ? symbols(script).map(documentSymbol) : [];
});

function documentSymbol(s: ScriptSymbol): DocumentSymbol {
  const { name, range, selection: selectionRange, children } = s;
  return { name, kind: SYMBOL_KINDS[s.kind], range, selectionRange, children: children.map(documentSymbol) };
}

connection.onSignatureHelp(({ textDocument: { uri }, position }) => {
  const script = scriptOf(uri);
  const s = script && signature(analysis(), script, position);
  if (!s) {
    return null;
  }
  const { label, documentation, parameters, active } = s;
  return {
    signatures: [{ label, documentation, parameters: parameters.map((p) => ({ label: p })) }],
    activeSignature: 0,
    activeParameter: active,
  };
});

connection.onCodeLens(({ textDocument: { uri } }) => {
  const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const command = { title: '$(play) Run this script', command: 'pktgdb.runScript', arguments: [uri] };
  return scriptOf(uri) ? [{ range, command }] : [];
});

documents.listen(connection);
connection.listen();
