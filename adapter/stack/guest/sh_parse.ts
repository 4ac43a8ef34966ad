/** The shell's grammar: words, quotes, redirections, pipelines, lists (POSIX XCU 2, the part that fits a line). */

/** `<`, `>`, `>>`, and `>&N`: `target` is a path, or a descriptor's digit for `>&`. */
export interface redirection {
  readonly fd: number;
  readonly op: string;
  readonly target: string;
}

/** One program with its arguments. */
export class simple_command {
  argv: string[] = [];
  redirs: redirection[] = [];
}

/** Programs joined by pipes, and the operator behind them: `;`, `&`, `&&`, `||` or empty. */
export class pipeline {
  commands: simple_command[] = [];
  op = '';
}

/** A parsed line, or why it does not parse. */
export interface parse_result {
  readonly list: pipeline[];
  readonly error: string;
}

/** A word (`quoted` when any of it was) or an operator. */
class token {
  readonly text: string;
  readonly operator: boolean;
  constructor(text: string, operator: boolean) {
    this.text = text;
    this.operator = operator;
  }
}

/** Values of the shell's parameters: `?`, `$`, `HOME`, `PWD` and so on. */
export type parameters = ReadonlyMap<string, string>;

const OPERATORS = ['>>', '>&', '&&', '||', '>', '<', '|', '&', ';'];

/**
 * Reads a quoted part that starts at `i`; returns its text and where it ends, or end -1 when the quote is not closed.
 */
function read_quoted(line: string, i: number, params: parameters): { text: string; end: number } {
  const quote = line[i]!;
  let text = '';
  for (let p = i + 1; p < line.length; p++) {
    const c = line[p]!;
    if (c === quote) {
      return { text, end: p + 1 };
    }
    if (quote === '"' && c === '\\' && '"\\$`'.includes(line[p + 1] ?? ' ')) {
      text += line[++p]!;
    } else if (quote === '"' && c === '$') {
      const v = read_parameter(line, p, params);
      text += v.text;
      p = v.end - 1;
    } else {
      text += c;
    }
  }
  return { text, end: -1 };
}

/** Expands `$NAME`, `${NAME}` or `$?` at `i`. */
function read_parameter(line: string, i: number, params: parameters): { text: string; end: number } {
  const m = /^\$(?:\{([A-Za-z_]\w*|[?$])\}|([A-Za-z_]\w*|[?$]))/.exec(line.slice(i));
  if (!m) {
    return { text: '$', end: i + 1 };
  }
  return { text: params.get(m[1] ?? m[2]!) ?? '', end: i + m[0].length };
}

/** Reads a word that starts at `i`. */
function read_word(line: string, i: number, params: parameters): { text: string; end: number } {
  let text = '';
  let p = i;
  while (p < line.length) {
    const c = line[p]!;
    if (c === '"' || c === "'") {
      const q = read_quoted(line, p, params);
      if (q.end < 0) {
        return q;
      }
      text += q.text;
      p = q.end;
    } else if (c === '\\') {
      text += line[p + 1] ?? '';
      p += 2;
    } else if (c === '$') {
      const v = read_parameter(line, p, params);
      text += v.text;
      p = v.end;
    } else if (/[\s<>|&;]/.test(c)) {
      break;
    } else {
      text += c;
      p++;
    }
  }
  return { text, end: p };
}

/** Cuts a line into words and operators; null when a quote is not closed. */
function tokenize(line: string, params: parameters): token[] | null {
  const tokens: token[] = [];
  let i = 0;
  while (i < line.length) {
    if (/\s/.test(line[i]!)) {
      i++;
      continue;
    }
    if (line[i] === '#') {
      break;
    }
    const fd = /^[012](?=[<>])/.exec(line.slice(i))?.[0] ?? '';
    const op = OPERATORS.find((o) => line.startsWith(o, i + fd.length));
    if (op) {
      tokens.push(new token(fd + op, true));
      i += fd.length + op.length;
      continue;
    }
    const w = read_word(line, i, params);
    if (w.end < 0) {
      return null;
    }
    tokens.push(new token(w.text, false));
    i = w.end;
  }
  return tokens;
}

/** Parses a line. */
export function sh_parse(line: string, params: parameters): parse_result {
  const tokens = tokenize(line, params);
  if (!tokens) {
    return { list: [], error: 'syntax error: unterminated quoted string' };
  }
  const list: pipeline[] = [];
  let pipe = new pipeline();
  let cmd = new simple_command();
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i]!;
    const redir = t.operator ? /^([012]?)(<|>>|>&|>)$/.exec(t.text) : null;
    if (!t.operator) {
      cmd.argv.push(t.text);
    } else if (redir) {
      const word = tokens[++i];
      if (!word || word.operator) {
        return { list: [], error: unexpected(word?.text) };
      }
      const fd = redir[1] === '' ? (redir[2] === '<' ? 0 : 1) : Number(redir[1]);
      cmd.redirs.push({ fd, op: redir[2]!, target: word.text });
    } else if (cmd.argv.length === 0 && cmd.redirs.length === 0) {
      return { list: [], error: unexpected(t.text) };
    } else {
      pipe.commands.push(cmd);
      cmd = new simple_command();
      if (t.text !== '|') {
        pipe.op = t.text;
        list.push(pipe);
        pipe = new pipeline();
      }
    }
  }
  if (cmd.argv.length > 0 || cmd.redirs.length > 0) {
    pipe.commands.push(cmd);
    list.push(pipe);
  } else if (pipe.commands.length > 0 || ['&&', '||'].includes(list[list.length - 1]?.op ?? '')) {
    return { list: [], error: unexpected(undefined) };
  }
  return { list, error: '' };
}

/** Busybox's message for a token that does not fit; none stands for the end of the line. */
function unexpected(text: string | undefined): string {
  return text === undefined ? 'syntax error: unexpected newline' : `syntax error: unexpected "${text}"`;
}
