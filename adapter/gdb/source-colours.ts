/** Source text in colours, as gdb has it with GNU source-highlight: keywords, strings, numbers and comments. */
import { ESCAPE, RESET } from './styles.ts';

const KEYWORDS =
  'abstract|as|break|case|class|const|continue|declare|default|delete|do|else|export|extends|false|for|from|function|' +
  'if|implements|import|in|instanceof|interface|let|new|null|of|private|readonly|return|static|super|switch|this|' +
  'throw|true|type|typeof|undefined|var|void|while|number|string|boolean|bigint|unknown|never|any';

const TOKENS = new RegExp(
  [
    /(\/\*[\s\S]*?\*\/|\/\/.*)/.source,
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`)/.source,
    /\b(0x[\da-fA-F_]+n?|\d[\d_]*(?:\.\d+)?n?)\b/.source,
    `\\b(${KEYWORDS})\\b`,
  ].join('|'),
  'g',
);

/** The terminal's sequences, in the order of the groups above. */
const COLOURS = ['33', '31', '35', '1;34'].map((colour) => `${ESCAPE}[${colour}m`);

/** The lines of a file in colours; what goes over several lines is coloured in each. */
export function colouredLines(lines: readonly string[]): readonly string[] {
  const text = lines.join('\n').replace(TOKENS, (whole, ...groups) => {
    const start = COLOURS[groups.findIndex((group) => group !== undefined)] ?? '';
    return whole.replace(/[^\n]+/g, (part: string) => `${start}${part}${RESET}`);
  });
  return text.split('\n');
}
