/** The HTML of our pages: nothing runs or is shown in them but what the extension brings. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** What a page consists of. */
export interface PageParts {
  readonly title: string;
  /** Files in `dist` and in `media`. */
  readonly script: string;
  readonly style: string;
  /** HTML. */
  readonly body: string;
}

/** Gives a webview its page. */
export function showPage(webview: vscode.Webview, extension: vscode.Uri, parts: PageParts): void {
  const folders = ['dist', 'media'].map((folder) => vscode.Uri.joinPath(extension, folder));
  webview.options = { enableScripts: true, localResourceRoots: folders };
  const nonce = randomBytes(16).toString('base64');
  const uri = (...path: string[]): string => webview.asWebviewUri(vscode.Uri.joinPath(extension, ...path)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
  webview.html = `<!DOCTYPE html>
<html lang="${escapeHtml(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri('media', parts.style)}">
<title>${escapeHtml(parts.title)}</title>
</head>
<body>
${parts.body}
<script nonce="${nonce}" src="${uri('dist', parts.script)}"></script>
</body>
</html>`;
}

/** An attribute with a page's words in the user's language, for `dataset.strings`. */
export function stringsAttribute(strings: Readonly<Record<string, string>>): string {
  const translated = Object.entries(strings).map(([key, text]) => [key, vscode.l10n.t(text)]);
  return `data-strings="${escapeHtml(JSON.stringify(Object.fromEntries(translated)))}"`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
