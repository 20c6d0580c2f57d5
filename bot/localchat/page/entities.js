// Text with entities to nodes. Offsets are UTF-16 units, which is what JavaScript's strings count in.

import { button, element, icon } from "./dom.js";
import { say } from "./words.js";

const SIMPLE = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

// `acts`: onCommand(text), onLink(url) -> whether handled here, onCopy(text); `open`: what the reader has revealed.
export function richText(text, entities, acts, open) {
  const root = element("div", { class: "text" });
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(root, text, sorted, 0, text.length, { acts, open });
  return root;
}

function fill(parent, text, entities, from, to, context) {
  let place = from;
  let index = 0;
  while (index < entities.length) {
    const entity = entities[index++];
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < place) continue;
    parent.append(before(text.slice(place, entity.offset), entity));
    const inner = [];
    while (index < entities.length && entities[index].offset < end) inner.push(entities[index++]);
    parent.append(made(entity, text, inner, end, context));
    place = end;
    if (BLOCKS.has(entity.type)) place += /^\n{0,2}/.exec(text.slice(place, place + 2))[0].length;
  }
  parent.append(text.slice(place, to));
}

// A block ends its line itself and stands off by its margin: an empty line beside it would be one too many.
function before(words, entity) {
  return BLOCKS.has(entity.type) ? words.replace(/\n\n$/, "\n") : words;
}

export function endsWithBlock(text, entities) {
  return (entities ?? []).some((entity) => BLOCKS.has(entity.type) && entity.offset + entity.length >= text.trimEnd().length);
}

function made(entity, text, inner, end, context) {
  const words = text.slice(entity.offset, end);
  if (entity.type === "date_time") return moment(entity);
  const node = shell(entity, words, context);
  const target = node.querySelector?.(".inside") ?? node;
  fill(target, text, entity.type === "pre" || entity.type === "code" ? [] : inner, entity.offset, end, context);
  return node;
}

function shell(entity, words, { acts, open }) {
  if (entity.type in SIMPLE) return element(SIMPLE[entity.type], { class: entity.type });
  switch (entity.type) {
    case "pre": return codeBlock(entity, words, acts);
    case "text_link": return link(entity.url, acts);
    case "url": return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`, acts);
    case "bot_command": return element("button", { type: "button", class: "command", onclick: () => acts.onCommand(words) });
    case "spoiler": return spoiler(entity, open);
    case "blockquote": return element("blockquote", {});
    case "expandable_blockquote": return folded(entity, words, open);
    default: return element("span", { class: entity.type });
  }
}

// A moment is shown in the reader's own time zone, whatever the bot's words were.
function moment(entity) {
  const at = new Date(entity.unix_time * 1000);
  const words = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return element("time", { dateTime: at.toISOString() }, words);
}

function codeBlock(entity, words, acts) {
  const copy = element("button", { type: "button", class: "copy", "aria-label": say("copy"), onclick: () => acts.onCopy(words) }, icon("copy"), say("copy"));
  const head = element("figcaption", {}, element("span", {}, entity.language ?? say("code")), copy);
  const label = entity.language ?? say("code");
  return element("figure", { class: "code", "aria-label": label }, head, element("pre", { class: "inside" }));
}

function link(url, acts) {
  const safe = /^(https?|tg):/i.test(url) ? url : `https://${url}`;
  const node = element("a", { href: safe, target: "_blank", rel: "noopener noreferrer" });
  node.addEventListener("click", (event) => acts.onLink(safe) && event.preventDefault());
  return node;
}

function spoiler(entity, open) {
  const key = `spoiler:${entity.offset}`;
  const node = element("span", { class: "spoiler", role: "button", tabIndex: 0, "aria-label": say("spoiler") });
  const reveal = () => {
    open.add(key);
    node.classList.add("open");
    node.removeAttribute("aria-label");
    node.removeAttribute("role");
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", (event) => event.key === "Enter" && reveal());
  if (open.has(key)) reveal();
  return node;
}

// Longer quotations than three lines are folded, as Telegram's clients fold them.
const FOLDED_LINES = 3;
const FOLDED_UNITS = 110;

function folded(entity, words, open) {
  const key = `quote:${entity.offset}`;
  const inside = element("div", { class: "inside" });
  const long = words.length > FOLDED_UNITS || words.split("\n").length > FOLDED_LINES;
  const node = element("blockquote", { class: long ? "foldable" : "" }, inside);
  if (!long) return node;
  const toggle = button("unfold", say("unfold"), () => {
    const now = node.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(now));
    if (now) open.add(key);
    else open.delete(key);
  }, icon("down"));
  toggle.setAttribute("aria-expanded", "false");
  node.append(toggle);
  if (open.has(key)) toggle.click();
  return node;
}
