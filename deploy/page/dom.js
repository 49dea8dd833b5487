// The few DOM helpers the page needs.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function text(element, words) { // touches the page only when something changed
  if (element.textContent !== words) element.textContent = words;
}

export function mark(element, key, value) {
  if (element.getAttribute(key) !== String(value)) element.setAttribute(key, value);
}

const icons = {
  pv: "M3 17h18M5 17l2-8h10l2 8M12 9v8M6 13h12M12 2v3M6 4l1.5 2M18 4l-1.5 2",
  grid: "M12 3 7 21M12 3l5 18M8.5 10h7M5 7h14M9.7 14l5.5 5M14.3 14l-5.5 5",
  storage: "M4 8h14v9H4zM18 11h2.5v3H18M8 12.5h6M11 9.8v5.4",
  house: "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
  cars: "M4 16v-3l2-5h9l3 4 2.5 1v3h-2M15 16H9M5.5 16H4M7.25 16m-1.75 0a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0"
    + "M16.75 16m-1.75 0a1.75 1.75 0 1 0 3.5 0a1.75 1.75 0 1 0-3.5 0",
  heat: "M8 3v11a4 4 0 1 0 8 0V3zM12 8v8",
  meter: "M4 4h16v16H4zM8 9h8M9 15l3-3",
};
export const iconOf = { source: "pv", storage: "storage", wallbox: "cars", heater: "heat", stages: "heat", meter: "meter" };

export function icon(name) {
  return svg("path", { class: "icon", d: icons[name] });
}

export function iconBox(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "iconbox", "aria-hidden": "true" }, icon(name));
}
