// The head of a conversation: where one is, what the bot is doing, who one is.

import { chatTitle } from "./chats.js";
import { openMenu } from "./dialogs.js";
import { byId, button, element, icon } from "./dom.js";
import { avatar } from "./message.js";
import { say } from "./words.js";

const FACES = { group: "📚", forum: "💬" };

// `doing` is the bot's action or undefined; `acts`: onBack, onPerson(id), onLanguage(code)
export function drawHead(state, item, doing, acts) {
  const topic = item.is_forum ? item.topics.find((one) => one.id === state.topic)?.name ?? say("general") : null;
  const line = doing ? say(doing.startsWith("upload") ? "sending" : "typing") : subtitle(item, topic);
  const title = element("div", { class: "title" },
    element("h1", {}, topic ?? chatTitle(item, state)),
    element("span", { class: doing ? "doing" : "", role: "status" }, line));
  byId("head").replaceChildren(back(state, acts), face(item, state), title, person(state, acts));
}

function face(item, state) {
  if (item.type === "private") return avatar(state.hello.bot);
  return element("span", { class: "avatar bot", "aria-hidden": "true" }, item.is_forum ? FACES.forum : FACES.group);
}

function subtitle(item, topic) {
  if (item.type === "private") return say("bot");
  return topic ? item.title : say("members", item.members.length + 1);
}

function back(state, acts) {
  const total = [...state.unread.values()].reduce((sum, count) => sum + count, 0);
  const count = total ? element("span", { class: "count" }, String(total)) : null;
  return button("tool back", say("back"), acts.onBack, icon("back"), count);
}

function person(state, acts) {
  const me = state.hello.me;
  const [code, name] = me.language_code === "en" ? ["ko", "한국어"] : ["en", "English"];
  const people = state.hello.people.map((one) => [`${one.id === me.id ? "●" : "○"} ${one.first_name}`, () => acts.onPerson(one.id)]);
  const open = (event) => {
    const place = event.currentTarget.getBoundingClientRect();
    openMenu([...people, [`🌐 ${name}`, () => acts.onLanguage(code)]], place.right - 160, place.bottom + 4);
  };
  return button("tool who", `${say("person")}: ${me.first_name}`, open, avatar(me));
}
