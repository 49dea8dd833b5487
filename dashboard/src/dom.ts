// The few DOM helpers the page needs: elements are made once and then only touched where something changed.
export type Child = Node | string | null;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Record<string, string | number> = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function svg(tag: string, attributes: Record<string, string | number> = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

export function text(element: Element, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}

/** An attribute; null takes it away. */
export function mark(element: Element, key: string, value: string | number | boolean | null): void {
  if (value === null) element.removeAttribute(key);
  else if (element.getAttribute(key) !== String(value)) element.setAttribute(key, String(value));
}

export function hide(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function share(element: HTMLElement | SVGElement, part: number, name = "--share"): void {
  const value = Math.max(0, Math.min(part, 1)).toFixed(3);
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/** Rows by key: made by `make` when new, brought up to date by what it returns, taken away when gone, kept in order. */
export class Rows<T> {
  private readonly rows = new Map<string, { element: Element; update: (value: T) => void }>();

  constructor(private readonly parent: Element, private readonly make: (key: string) => [Element, (value: T) => void]) {}

  show(values: Iterable<[string, T]>): void {
    const kept = new Set<string>();
    let at: Element | null = this.parent.firstElementChild;
    for (const [key, value] of values) {
      kept.add(key);
      let row = this.rows.get(key);
      if (!row) {
        const [element, update] = this.make(key);
        row = { element, update };
        this.rows.set(key, row);
      }
      if (row.element === at) at = at.nextElementSibling;
      else this.parent.insertBefore(row.element, at);
      row.update(value);
    }
    for (const [key, row] of this.rows) {
      if (!kept.has(key)) {
        row.element.remove();
        this.rows.delete(key);
      }
    }
  }
}
