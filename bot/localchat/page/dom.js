// Elements by hand: attributes as properties, children as nodes or text. Text is never read as HTML.

export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.startsWith("aria-") || name === "role" || name === "for") node.setAttribute(name, value);
    else if (name.startsWith("data-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

export function button(className, label, onclick, ...children) {
  return element("button", { type: "button", class: className, "aria-label": label, title: label, onclick }, ...children);
}

const SHAPES = {
  back: "M15 5l-7 7 7 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  send: "M5 12h13M12 5l7 7-7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clip: "M19 11.5l-7.3 7.300a4.6 4.6 0 0 1-6.5-6.5l7.6-7.600a3 3 0 0 1 4.3 4.300l-7.5 7.5a1.4 1.4 0 0 1-2-2l6.8-6.9",
  slash: "M9.5 18.5l5-13M4.5 3.5h15a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1h-15a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z",
  down: "M12 5v14M5.5 12.5L12 19l6.5-6.5",
  close: "M6 6l12 12M18 6L6 18",
  file: "M7 3.5h7l4.5 4.5v12.5H7zM14 3.5V8h4.5",
  link: "M8 16L16.5 7.5M9 7h8v8",
  copy: "M9 9h10.5v10.5H9zM5 15V4.5h10.5",
  reply: "M10 6l-5.5 5.5L10 17M5 11.5h8a6 6 0 0 1 6 6v1",
};

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
