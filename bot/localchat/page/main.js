// The chat page: one person, one open chat, and what happens in it.

import { act, Live, sendForm } from "./api.js";
import { chatTitle, drawChats } from "./chats.js";
import { Composer } from "./composer.js";
import { alertBox, copy, openMenu, toast, zoom } from "./dialogs.js";
import { byId, button, element, icon } from "./dom.js";
import { avatar } from "./message.js";
import { Timeline } from "./timeline.js";
import { say, speak } from "./words.js";

// Telegram shows an action for five seconds.
const ACTION_MS = 5000;
// A longer text goes as several messages, as Telegram's clients send it.
const MAX_UNITS = 4096;

const address = new URLSearchParams(location.search);
const state = {
  user: Number(address.get("user") ?? sessionStorage.getItem("user") ?? 0),
  chat: Number(address.get("chat") ?? sessionStorage.getItem("chat") ?? 0),
  topic: readTopic(address.get("topic") ?? sessionStorage.getItem("topic")),
  start: address.get("start"),
  hello: null,
  unread: new Map(),
  pending: new Map(),
  actions: new Map(),
  connected: false,
};

function readTopic(value) {
  return value === null || value === "" || value === "null" ? null : Number(value);
}

const acts = {
  onCommand: (text) => speakUp(text, {}),
  onCopy: copy,
  onZoom: zoom,
  onLink: openLink,
  onJump: (id) => timeline.jump(id),
  onPress: press,
  onVote: (message, options) => attempt(() => act("vote", { ...here(), message: message.message_id, options })),
};

const timeline = new Timeline({
  now: () => ({ me: state.hello.me, group: chat().type !== "private", acts, pending: state.pending }),
  emptyNode: emptyChat,
}, { onEarlier: earlier });

const composer = new Composer({
  onSend: speakUp,
  onFile: sendFile,
  onSticker: (sticker) => attempt(() => act("say", { ...here(), sticker })),
  lastOwn: () => [...timeline.messages.values()].reverse().find((message) => message.from.id === state.hello.me.id && message.text),
});

const live = new Live({ onEvent: happened, onOpen: opened, onLost: lost });

function chat() {
  return state.hello.chats.find((item) => item.id === state.chat) ?? state.hello.chats[0];
}

function here() {
  return { user: state.hello.me.id, chat: state.chat, topic: state.topic };
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(`${say("failed")}: ${error.message}`);
    return null;
  }
}

// --- acts

async function speakUp(text, { replyTo, editing }) {
  if (editing) return attempt(() => act("edit", { ...here(), message: editing.message_id, text }));
  for (let place = 0; place < text.length; place += MAX_UNITS) {
    const part = text.slice(place, place + MAX_UNITS);
    const sent = await attempt(() => act("say", { ...here(), text: part, reply_to: replyTo?.message_id }));
    if (!sent) {
      if (!composer.field.value) composer.field.value = text.slice(place);
      composer.changed();
      return null;
    }
  }
  return null;
}

function sendFile(file) {
  const kind = file.type.startsWith("image/") ? "photo" : "document";
  const caption = composer.field.value.trim();
  composer.field.value = "";
  composer.changed();
  return attempt(() => sendForm({ ...here(), [kind]: file, text: caption }));
}

async function press(message, item) {
  const key = `${message.message_id} ${item.callback_data}`;
  if (state.pending.has(key)) return;
  state.pending.set(key, null);
  timeline.redrawOne(message.message_id);
  try {
    const { query, seconds } = await act("press", { ...here(), message: message.message_id, data: item.callback_data });
    if (!state.pending.has(key)) return;
    state.pending.set(key, query);
    setTimeout(() => settle(query, () => toast(say("late"))), seconds * 1000);
    if (early.delete(query)) settle(query);
  } catch {
    state.pending.delete(key);
    timeline.redrawOne(message.message_id);
    toast(say("tooOld"));
  }
}

// Answers that came before the press's own response.
const early = new Set();

function settle(query, late = () => {}) {
  for (const [key, waiting] of state.pending) {
    if (waiting !== query) continue;
    state.pending.delete(key);
    timeline.redrawOne(Number(key.split(" ")[0]));
    late();
    return true;
  }
  return false;
}

function openLink(url) {
  const link = new URL(url, location.href);
  const bot = state.hello.bot.username;
  if (link.hostname !== "t.me" || link.pathname.slice(1) !== bot) return false;
  const payload = link.searchParams.get("start");
  speakUp(payload ? `/start ${payload}` : "/start", {});
  return true;
}

// --- what happens

function happened(event) {
  if (event.type === "message" || event.type === "edit") messageCame(event);
  else if (event.type === "delete" && event.chat === state.chat) timeline.remove(event.messages);
  else if (event.type === "action") actionCame(event);
  else if (event.type === "draft" && event.chat === state.chat) actionCame({ ...event, action: "typing", topic: null });
  else if (event.type === "answer") answerCame(event);
  else if (event.type === "profile") refreshHello();
}

function isHere(message) {
  if (message.chat.id !== state.chat) return false;
  return state.topic === null || (message.is_topic_message ? message.message_thread_id : 0) === state.topic;
}

function messageCame({ type, message }) {
  const item = state.hello.chats.find((one) => one.id === message.chat.id);
  if (item && type === "message") Object.assign(item, { last_message: message, started: true });
  if (message.from.is_bot && type === "message") stopAction(message.chat.id, message.is_topic_message ? message.message_thread_id : null);
  if (isHere(message)) {
    if (type === "edit") return timeline.change(message);
    timeline.add(message);
    if (message.force_reply) composer.reply(message, message.force_reply.placeholder);
    drawComposer();
  } else if (type === "message" && message.from.id !== state.hello.me.id) {
    const topic = item?.is_forum ? (message.is_topic_message ? message.message_thread_id : 0) : "";
    const key = `${message.chat.id} ${topic}`;
    state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
  }
  if (!byId("chats").hidden) drawList();
  if (type === "message") drawHead();
}

function actionKey(chatId, topic) {
  return `${chatId} ${topic ?? ""}`;
}

function actionCame({ chat: chatId, topic, action }) {
  const key = actionKey(chatId, topic);
  clearTimeout(state.actions.get(key)?.timer);
  const timer = setTimeout(() => stopAction(chatId, topic), ACTION_MS);
  state.actions.set(key, { action, timer });
  drawHead();
}

function stopAction(chatId, topic) {
  const key = actionKey(chatId, topic);
  clearTimeout(state.actions.get(key)?.timer);
  if (state.actions.delete(key)) drawHead();
}

function answerCame({ query, text, alert, url }) {
  if (!settle(query)) {
    early.add(query);
    setTimeout(() => early.delete(query), 5000);
  }
  if (url) openLink(url);
  if (!text) return;
  if (alert) alertBox(state.hello.bot.first_name, text);
  else toast(text);
}

// --- connection

async function opened() {
  try {
    const known = state.hello !== null && state.hello.me.id === state.user;
    await refreshHello();
    await (known ? readAgain() : openChat(chat().id, state.topic));
  } catch {
    // The door was shut again meanwhile: closing brings the next try, which reads everything anew.
    live.socket?.close();
    return;
  }
  if (!state.connected && state.wasLost) toast(say("again"));
  state.connected = true;
  byId("banner").hidden = true;
}

function lost() {
  state.wasLost = state.wasLost || state.connected;
  state.connected = false;
  const banner = byId("banner");
  banner.textContent = say("lost");
  banner.hidden = false;
}

async function refreshHello() {
  const hello = await act("hello", { user: state.user || undefined });
  state.hello = hello;
  state.user = hello.me.id;
  speak(hello.me.language_code);
  document.title = hello.bot.first_name;
  drawAll();
}

async function readAgain() {
  const { messages, more } = await act("messages", { ...here() });
  timeline.refresh(messages, more);
  drawComposer();
}

async function earlier(before) {
  const found = await attempt(() => act("messages", { ...here(), before }));
  if (found) timeline.earlier(found.messages, found.more);
}

// --- places

async function openChat(chatId, topic) {
  const item = state.hello.chats.find((one) => one.id === chatId) ?? state.hello.chats[0];
  state.chat = item.id;
  state.topic = item.is_forum ? (topic ?? 0) : null;
  state.unread.delete(`${state.chat} ${state.topic ?? ""}`);
  for (const name of ["user", "chat", "topic"]) sessionStorage.setItem(name, String(state[name]));
  const { messages, more } = await act("messages", here());
  showList(false);
  timeline.show(messages, more);
  const suffix = item.type === "private" ? "" : `@${state.hello.bot.username}`;
  composer.enter(`${state.chat} ${state.topic}`, state.hello.bot.commands[item.type], suffix);
  drawComposer();
  drawHead();
}

function showList(shown) {
  byId("chats").hidden = !shown;
  byId("conversation").hidden = shown;
  if (shown) {
    drawList();
    byId("chats").querySelector("[aria-current]")?.focus();
  }
}

async function changePerson(id) {
  Object.assign(state, { user: id, chat: id, topic: null });
  state.unread.clear();
  sessionStorage.setItem("user", String(id));
  live.follow(id);
}

async function changeLanguage(language) {
  await attempt(() => act("language", { ...here(), language }));
}

// --- drawing

function drawAll() {
  if (!state.chat) state.chat = state.hello.chats[0].id;
  drawHead();
  if (!byId("chats").hidden) drawList();
  timeline.keeping(() => timeline.redraw());
  const item = chat();
  composer.setCommands(state.hello.bot.commands[item.type], item.type === "private" ? "" : `@${state.hello.bot.username}`);
  composer.relabel();
  drawComposer();
  if (!state.connected && state.wasLost) byId("banner").textContent = say("lost");
}

function drawList() {
  drawChats(state, { onOpen: (id, topic) => attempt(() => openChat(id, topic)), onPerson: changePerson, onLanguage: changeLanguage });
}

function drawHead() {
  const item = chat();
  const topic = item.is_forum ? item.topics.find((one) => one.id === state.topic)?.name ?? say("general") : null;
  const doing = state.actions.get(actionKey(item.id, state.topic || null));
  const line = doing ? say(doing.action.startsWith("upload") ? "sending" : "typing") : subtitle(item, topic);
  const face = item.type === "private" ? avatar(state.hello.bot) : element("span", { class: "avatar bot", "aria-hidden": "true" }, item.is_forum ? "💬" : "📚");
  const title = element("div", { class: "title" }, element("h1", {}, topic ?? chatTitle(item, state)),
    element("span", { class: doing ? "doing" : "", role: "status" }, line));
  const total = [...state.unread.values()].reduce((sum, count) => sum + count, 0);
  const back = button("tool back", say("back"), () => showList(true), icon("back"), total ? element("span", { class: "count" }, String(total)) : null);
  byId("head").replaceChildren(back, face, title, person());
}

function subtitle(item, topic) {
  if (item.type === "private") return say("bot");
  return topic ? item.title : say("members", item.members.length + 1);
}

function person() {
  const me = state.hello.me;
  const other = me.language_code === "en" ? ["ko", "한국어"] : ["en", "English"];
  const open = (event) => {
    const place = event.currentTarget.getBoundingClientRect();
    const people = state.hello.people.map((one) => [`${one.id === me.id ? "● " : "○ "}${one.first_name}`, () => changePerson(one.id)]);
    openMenu([...people, [`🌐 ${other[1]}`, () => changeLanguage(other[0])]], place.right - 160, place.bottom + 4);
  };
  return button("tool who", `${say("person")}: ${me.first_name}`, open, avatar(me));
}

// An empty private chat offers to start, as Telegram does.
function drawComposer() {
  const item = chat();
  const waits = item.type === "private" && !timeline.messages.size && !item.last_message;
  byId("composer").classList.toggle("starting", waits || Boolean(state.start));
  byId("composer").querySelector(".begin")?.remove();
  composer.grow();
  if (!waits && !state.start) return;
  const begin = () => {
    const line = state.start ? `/start ${state.start}` : "/start";
    state.start = null;
    history.replaceState(null, "", location.pathname);
    speakUp(line, {}).then(drawComposer);
  };
  byId("composer").append(element("button", { type: "button", class: "begin", onclick: begin }, say("start")));
}

function emptyChat() {
  if (!state.hello || chat().type !== "private") return element("div", { class: "note" }, element("span", {}, say("addressed")));
  const { first_name: name, description } = state.hello.bot;
  return element("div", { class: "welcome" }, element("span", { class: "face", "aria-hidden": "true" }, "🍱"), element("h2", {}, name),
    description ? element("p", {}, description) : null);
}

// --- a message's menu: right click, long press; double click answers or edits

const LONG_PRESS_MS = 480;

function messageUnder(event) {
  const node = event.target.closest?.("article");
  return node && !event.target.closest("button, a") ? timeline.messages.get(Number(node.dataset.id)) : null;
}

function messageMenu(message, x, y) {
  const own = message.from.id === state.hello.me.id;
  const text = message.text ?? message.caption;
  const items = [[say("reply"), () => composer.reply(message)]];
  if (text) items.push([say("copy"), () => copy(text)]);
  if (own && text) items.push([say("edit"), () => composer.edit(message)]);
  if (own || chat().type === "private") {
    items.push([say("remove"), () => attempt(() => act("delete", { ...here(), message: message.message_id })), "danger"]);
  }
  openMenu(items, x, y);
}

timeline.root.addEventListener("contextmenu", (event) => {
  const message = messageUnder(event);
  if (!message || !getSelection().isCollapsed) return;
  event.preventDefault();
  messageMenu(message, event.clientX, event.clientY);
});

timeline.root.addEventListener("dblclick", (event) => {
  const message = messageUnder(event);
  if (!message || event.target.closest("pre, code")) return;
  getSelection().removeAllRanges();
  if (message.from.id === state.hello.me.id && message.text) composer.edit(message);
  else composer.reply(message);
});

let longPress;
timeline.root.addEventListener("touchstart", (event) => {
  const message = messageUnder(event);
  const { clientX, clientY } = event.touches[0];
  clearTimeout(longPress);
  if (message) longPress = setTimeout(() => messageMenu(message, clientX, clientY), LONG_PRESS_MS);
}, { passive: true });
for (const end of ["touchend", "touchmove", "touchcancel"]) {
  timeline.root.addEventListener(end, () => clearTimeout(longPress), { passive: true });
}

// Typing anywhere writes into the composer.
addEventListener("keydown", (event) => {
  const free = !event.target.closest("input, textarea, button, a, dialog") && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (free && event.key.length === 1) composer.field.focus();
});

live.follow(state.user);
