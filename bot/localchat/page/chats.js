// The list of chats, and who is talking in which language.

import { byId, element } from "./dom.js";
import { avatar, summary } from "./message.js";
import { clockTime, say } from "./words.js";

const PICTURES = { private: "🍱", group: "📚", forum: "💬" };

export function drawChats(state, acts) {
  const rows = state.hello.chats.flatMap((chat) => rowsFor(chat, state, acts));
  byId("chats").replaceChildren(
    element("header", { class: "head" }, element("h1", {}, say("chats"))),
    element("nav", { class: "rows", "aria-label": say("chats") }, ...rows),
    settings(state, acts));
}

function rowsFor(chat, state, acts) {
  if (!chat.is_forum) return [row(chat, null, chatTitle(chat, state), state, acts)];
  const topics = [{ id: 0, name: say("general") }, ...chat.topics];
  const heading = element("h2", {}, PICTURES.forum, " ", chat.title);
  return [heading, ...topics.map((topic) => row(chat, topic, topic.name, state, acts))];
}

export function chatTitle(chat, state) {
  return chat.type === "private" ? state.hello.bot.first_name : chat.title;
}

function row(chat, topic, title, state, acts) {
  const current = state.chat === chat.id && (topic?.id ?? null) === state.topic;
  const face = topic ? (topic.id ? "#" : "∗") : chat.type === "private" ? PICTURES.private : PICTURES.group;
  const last = topic ? null : chat.last_message;
  const words = last ? summary(last) : topic ? "" : say("nothing");
  const unread = state.unread.get(`${chat.id} ${topic?.id ?? ""}`);
  return element("button", { type: "button", class: `chat${topic ? " topic" : ""}`, "aria-current": current ? "page" : null, onclick: () => acts.onOpen(chat.id, topic?.id ?? null) },
    element("span", { class: "face", "aria-hidden": "true" }, face),
    element("span", { class: "about" }, element("strong", {}, title), words ? element("span", {}, words) : null),
    element("span", { class: "side" }, last ? element("time", {}, clockTime(last.date)) : null, unread ? element("span", { class: "count" }, String(unread)) : null));
}

function settings(state, acts) {
  const people = state.hello.people.map((person) => element("button",
    { type: "button", class: "person", "aria-pressed": String(person.id === state.hello.me.id), onclick: () => acts.onPerson(person.id) },
    avatar(person), person.first_name));
  const languages = [["ko", "한국어"], ["en", "English"]].map(([code, name]) => element("button",
    { type: "button", "aria-pressed": String(code === state.hello.me.language_code), lang: code, onclick: () => acts.onLanguage(code) }, name));
  return element("footer", { class: "settings" },
    element("div", { class: "choice", role: "group", "aria-label": say("person") }, element("span", {}, say("person")), element("div", { class: "people" }, ...people)),
    element("div", { class: "choice", role: "group", "aria-label": say("language") }, element("span", {}, say("language")), element("div", { class: "switch" }, ...languages)));
}
