/** Where text goes that commands print: to the front end, to a log file, or to whoever captures it. */
import { CommandError } from '../commands/command.ts';
import type { LoggingSettings } from '../commands/settings.ts';
import { WrittenFile } from '../written-file.ts';
import { unstyled } from './styles.ts';

export class Output {
  readonly #write: (text: string) => void;
  readonly #complain: (text: string) => void;
  readonly #settings: LoggingSettings;
  /** Texts that are collected instead, the innermost last. */
  readonly #captures: string[] = [];
  #log: { readonly to: WrittenFile; readonly file: string } | undefined;

  /** `complain` hears why a log file is given up. */
  constructor(write: (text: string) => void, complain: (text: string) => void, settings: LoggingSettings) {
    this.#write = write;
    this.#complain = complain;
    this.#settings = settings;
  }

  out(text: string): void {
    const last = this.#captures.length - 1;
    if (last >= 0) {
      this.#captures[last] += text;
      return;
    }
    if (!this.#logged(text) || !this.#settings.redirect) {
      this.#write(text);
    }
  }

  /** Writes to the log file; false if there is none, or no more. */
  #logged(text: string): boolean {
    if (!this.#log) {
      return false;
    }
    try {
      this.#log.to.write(Buffer.from(unstyled(text)));
      return true;
    } catch (e) {
      const { file } = this.#log;
      this.close();
      this.#settings.enabled = false;
      this.#complain(
        `${file} cannot be written any more, logging ends: ${e instanceof Error ? e.message : String(e)}\n`,
      );
      return false;
    }
  }

  /** What `action` prints. */
  async captured(action: () => Promise<void>): Promise<string> {
    this.#captures.push('');
    let text = '';
    try {
      await action();
    } finally {
      text = this.#captures.pop() ?? '';
    }
    return text;
  }

  /** Opens or closes the log file as the settings say; returns what there is to say of it. Throws `CommandError`. */
  applyLogging(): string {
    const { enabled, file, overwrite } = this.#settings;
    if (enabled === (this.#log !== undefined)) {
      return '';
    }
    if (!enabled) {
      const closed = this.#log?.file ?? '';
      this.close();
      return `Done logging to ${closed}.\n`;
    }
    try {
      this.#log = { to: new WrittenFile(file, { append: !overwrite }), file };
    } catch (e) {
      this.#settings.enabled = false;
      throw new CommandError(`set logging: ${fileError(e)}`);
    }
    return `${this.#settings.redirect ? 'Redirecting' : 'Copying'} output to ${file}.\n`;
  }

  close(): void {
    if (this.#log) {
      this.#log.to.close();
      this.#log = undefined;
    }
  }
}

/** Why a file cannot be opened, in the system's words. */
export function fileError(e: unknown): string {
  const code = e instanceof Error && 'code' in e ? String(e.code) : '';
  return SYSTEM_WORDS[code] ?? (e instanceof Error ? e.message : String(e));
}

const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory.',
  EISDIR: 'Is a directory.',
  EACCES: 'Permission denied.',
  ENOTDIR: 'Not a directory.',
  ELOOP: 'Too many levels of symbolic links.',
  ENXIO: 'No such device or address.',
};
