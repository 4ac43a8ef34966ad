/** What our pages may do: all of them are made in one place, whose policy lets nothing in. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../kit/paths.ts';

const src = join(ROOT, 'src');
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));

describe('pages', () => {
  it('are made in one place', () => {
    const making = sources.filter((f) => /\.html\s*=/.test(readFileSync(join(src, f), 'utf8')));
    assert.deepEqual(
      making.map((f) => f.replaceAll('\\', '/')),
      ['views/page.ts'],
    );
  });

  it('run the one script that is named, take styles of the extension, and nothing else', () => {
    const page = readFileSync(join(src, 'views/page.ts'), 'utf8');
    const [, policy = ''] = /policy = `([^`]+)`/.exec(page) ?? [];
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of the source
    const wanted = "default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'";
    assert.equal(policy, wanted);
    const inHtml = sources.filter((f) =>
      /innerHTML|insertAdjacentHTML|\beval\(/.test(readFileSync(join(src, f), 'utf8')),
    );
    assert.deepEqual(inHtml, []);
  });
});
