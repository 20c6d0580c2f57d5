// What lies above the conversation for a moment: toasts, alerts, the enlarged picture, a message's menu.

import { byId, element } from "./dom.js";
import { say } from "./words.js";

const TOAST_MS = 3200;
let toastTimer;

export function toast(text) {
  const node = byId("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (node.hidden = true), TOAST_MS);
}

export function alertBox(title, text) {
  const node = byId("alert");
  const ok = element("button", { type: "button", class: "ok", onclick: () => node.close() }, say("ok"));
  node.replaceChildren(element("strong", {}, title), element("p", {}, text), ok);
  if (!node.open) node.showModal();
  ok.focus();
}

export function zoom(source, label) {
  const node = byId("zoom");
  node.setAttribute("aria-label", label);
  const close = element("button", { type: "button", class: "shut", "aria-label": say("close"), onclick: () => node.close() });
  const picture = element("img", { src: source, alt: label, onclick: () => node.classList.toggle("full") });
  close.append("✕");
  node.classList.remove("full");
  node.replaceChildren(close, picture);
  node.onclick = (event) => event.target === node && node.close();
  node.showModal();
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the clipboard's permission: the old way through a selection.
    const field = element("textarea", { value: text, class: "offscreen" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast(say("copied"));
}

// At a point; `above` puts the menu's foot there in place of its head.
export function openMenu(items, x, y, { above = false } = {}) {
  const node = byId("menu");
  const before = document.activeElement;
  const shut = () => {
    node.hidden = true;
    removeEventListener("pointerdown", outside, true);
    removeEventListener("keydown", keys, true);
    before?.focus?.({ preventScroll: true });
  };
  const outside = (event) => !node.contains(event.target) && shut();
  const keys = (event) => {
    const all = [...node.children];
    const at = all.indexOf(document.activeElement);
    if (event.key === "Escape") shut();
    else if (event.key === "ArrowDown") all[(at + 1) % all.length].focus();
    else if (event.key === "ArrowUp") all[(at + all.length - 1) % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choices = items.map(([label, onclick, style]) =>
    element("button", { type: "button", role: "menuitem", class: style ?? "", onclick: () => { shut(); onclick(); } }, label));
  node.replaceChildren(...choices);
  node.hidden = false;
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - node.offsetWidth - 8))}px`;
  const top = above ? y - node.offsetHeight : y;
  node.style.top = `${Math.max(8, Math.min(top, innerHeight - node.offsetHeight - 8))}px`;
  addEventListener("pointerdown", outside, true);
  addEventListener("keydown", keys, true);
  choices[0]?.focus();
}
