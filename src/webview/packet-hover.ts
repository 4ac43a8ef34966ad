/** The tree of the packet under the mouse, once it rests there. */
import { html } from './dom.ts';

/** How long the mouse rests before anything is shown, as in VS Code's editors. */
const REST_MS = 500;
/** Distance from the mouse, and from the edges of the page. */
const GAP = 14;

export class PacketHover {
  readonly element = html('pre', { id: 'hover', role: 'tooltip', hidden: '' });
  readonly #wanted: (packet: number) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #packet = 0;
  #at = { x: 0, y: 0 };

  /** Watches the rows of `grid`; `wanted` asks for the lines of a packet. */
  constructor(grid: HTMLElement, wanted: (packet: number) => void) {
    this.#wanted = wanted;
    grid.addEventListener('mousemove', (event) => this.#moved(event));
    for (const name of ['mouseleave', 'mousedown', 'wheel', 'keydown']) {
      grid.addEventListener(name, () => this.#hide());
    }
  }

  /** Lines of a packet have come. */
  show(packet: number, lines: readonly string[]): void {
    if (packet !== this.#packet || lines.length === 0) {
      return;
    }
    this.element.textContent = lines.join('\n');
    this.element.hidden = false;
    const { width, height } = this.element.getBoundingClientRect();
    const { style } = this.element;
    const below = this.#at.y + GAP + height < innerHeight;
    style.left = `${Math.max(GAP, Math.min(this.#at.x + GAP, innerWidth - width - GAP))}px`;
    style.top = `${Math.max(GAP, below ? this.#at.y + GAP : this.#at.y - height - GAP)}px`;
  }

  #moved({ target, clientX: x, clientY: y }: MouseEvent): void {
    const row = (target as Element).closest('[data-packet]');
    const packet = Number(row?.getAttribute('data-packet'));
    if (packet !== this.#packet || !(packet > 0)) {
      this.#hide();
      this.#packet = packet > 0 ? packet : 0;
    }
    this.#at = { x, y };
    if (this.#packet > 0 && this.element.hidden) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#wanted(this.#packet), REST_MS);
    }
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#packet = 0;
    this.element.hidden = true;
  }
}
