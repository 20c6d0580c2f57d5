// One message as a bubble: who, what it answers, text or media, time, reactions, and the buttons under it.

import { button, element, icon } from "./dom.js";
import { endsWithBlock, richText } from "./entities.js";
import { pollNode } from "./poll.js";
import { clockTime, fileSize, say } from "./words.js";

const COLORS = 7;

// `view`: me, group (names are shown), acts, open (revealed parts), pending (data of buttons that wait).
export function messageNode(message, view) {
  const note = serviceText(message);
  if (note) return element("div", { class: "note", "data-id": message.message_id }, element("span", {}, note));
  const own = message.from.id === view.me.id;
  const side = own ? "own" : "other";
  const node = element("article", { class: `message ${side}`, "data-id": message.message_id, "data-sender": message.from.id });
  const stack = element("div", { class: "stack" }, bubble(message, view, own));
  const keyboard = keyboardNode(message, view);
  if (keyboard) stack.append(keyboard);
  if (view.group && !own) node.append(avatar(message.from));
  node.append(stack);
  return node;
}

export function avatar(user) {
  const face = user.is_bot ? "🍱" : [...user.first_name][0];
  return element("span", { class: `avatar color${Math.abs(user.id) % COLORS}${user.is_bot ? " bot" : ""}`, "aria-hidden": "true" }, face);
}

function bubble(message, view, own) {
  const kind = message.photo ? " photo" : message.sticker ? " sticker" : "";
  const node = element("div", { class: `bubble${kind}` });
  if (view.group && !own) node.append(element("strong", { class: `name color${Math.abs(message.from.id) % COLORS}` }, message.from.first_name));
  if (message.reply_to_message) node.append(quote(message.reply_to_message, view));
  node.append(...content(message, view));
  if (message.reactions) node.append(element("div", { class: "reactions" }, ...message.reactions.map((sign) => element("span", {}, sign))));
  node.append(meta(message));
  if (endsInText(message)) node.classList.add(message.edit_date ? "inline-edited" : "inline");
  if (hasCode(message) || message.photo || message.poll) node.classList.add("wide");
  return node;
}

// The time stands in the last line of a text when there is room for it.
function endsInText(message) {
  const words = message.text ?? message.caption;
  return Boolean(words) && !message.reactions && !endsWithBlock(words, message.entities ?? message.caption_entities);
}

function hasCode(message) {
  return (message.entities ?? message.caption_entities ?? []).some((entity) => entity.type === "pre");
}

function content(message, view) {
  const acts = view.acts;
  if (message.poll) return [pollNode(message.poll, message.chosen ?? [], (options) => acts.onVote(message, options))];
  if (message.sticker) return [element("span", { class: "face" }, message.sticker.emoji ?? "🙂")];
  const parts = [];
  if (message.photo) parts.push(photoNode(message, acts));
  if (message.document) parts.push(documentNode(message.document));
  const words = message.text ?? message.caption;
  if (words) parts.push(richText(words, message.entities ?? message.caption_entities, acts, view.open));
  return parts;
}

function photoNode(message, acts) {
  const photo = message.photo.at(-1);
  const source = `/api/files/${photo.file_id}`;
  const label = message.caption?.split("\n")[0] || say("picture");
  const picture = element("img", { src: source, width: photo.width, height: photo.height, alt: label });
  return element("button", { type: "button", class: "picture", "aria-label": label, onclick: () => acts.onZoom(source, label) }, picture);
}

function documentNode(file) {
  const size = element("small", {}, fileSize(file.file_size ?? 0));
  return element("a", { class: "document", href: `/api/files/${file.file_id}`, download: file.file_name },
    element("span", { class: "sheet" }, icon("file")), element("span", { class: "about" }, element("span", {}, file.file_name), size));
}

function quote(answered, view) {
  const label = `${answered.from.first_name}: ${summary(answered)}`;
  return element("button", { type: "button", class: "quote", "aria-label": label, onclick: () => view.acts.onJump(answered.message_id) },
    element("strong", {}, answered.from.first_name), element("span", {}, summary(answered)));
}

function meta(message) {
  const edited = message.edit_date ? element("span", { class: "edited" }, say("edited")) : null;
  return element("span", { class: "meta" }, edited, element("time", {}, clockTime(message.date)));
}

function keyboardNode(message, view) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  const lines = rows.map((row) => element("div", { class: "row" }, ...row.map((item) => keyNode(message, item, view))));
  return element("div", { class: "keyboard" }, ...lines);
}

function keyNode(message, item, view) {
  const style = item.style ? ` ${item.style}` : "";
  if (item.url) {
    const follow = (event) => view.acts.onLink(item.url) && event.preventDefault();
    return element("a", { class: `key${style}`, href: item.url, target: "_blank", rel: "noopener noreferrer", onclick: follow },
      element("span", {}, item.text), icon("link"));
  }
  const waits = view.pending.has(`${message.message_id} ${item.callback_data}`);
  const press = () => (item.copy_text ? view.acts.onCopy(item.copy_text.text) : view.acts.onPress(message, item));
  const key = button(`key${style}${waits ? " waits" : ""}`, item.text, press, element("span", {}, item.text));
  key.removeAttribute("title");
  if (item.copy_text) key.append(icon("copy"));
  if (waits) key.setAttribute("aria-busy", "true");
  return key;
}

export function summary(message) {
  const note = serviceText(message);
  if (note) return note;
  const words = (message.text ?? message.caption ?? message.poll?.question ?? "").replace(/\s+/g, " ");
  if (message.photo) return `🖼 ${words || say("picture")}`;
  if (message.document) return `📄 ${message.document.file_name ?? say("document")}`;
  if (message.sticker) return `${message.sticker.emoji ?? ""} ${say("sticker")}`;
  return words;
}

export function serviceText(message) {
  if (message.forum_topic_created) return say("topicOpened", message.forum_topic_created.name);
  if (message.forum_topic_edited) return say("topicRenamed", message.forum_topic_edited.name);
  if (message.forum_topic_closed) return say("topicClosed");
  if (message.forum_topic_reopened) return say("topicReopened");
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return say("upgraded");
  if (message.pinned_message) return `${message.from.first_name} · ${say("pinned")}`;
  return null;
}
