/** What pages do with elements. */

export function html(tag: string, values: Readonly<Record<string, string>>): HTMLElement {
  return attributes(document.createElement(tag), values);
}

export function svg(tag: string, values: Readonly<Record<string, string>>): SVGElement {
  return attributes(document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement, values);
}

/** Sets attributes that have another value. */
export function attributes<E extends Element>(element: E, values: Readonly<Record<string, string>>): E {
  for (const [name, value] of Object.entries(values)) {
    if (element.getAttribute(name) !== value) {
      element.setAttribute(name, value);
    }
  }
  return element;
}

/** Sets a text that is another one. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
