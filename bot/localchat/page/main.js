// The chat page: one person, one open chat, and what happens in it.

import { Activity } from "./activity.js";
import { act, Live } from "./api.js";
import { drawChats } from "./chats.js";
import { Composer } from "./composer.js";
import { alertBox, copy, toast, zoom } from "./dialogs.js";
import { byId } from "./dom.js";
import * as gestures from "./gestures.js";
import { drawHead } from "./head.js";
import { Presses } from "./presses.js";
import { attempt, Speech } from "./speech.js";
import { Timeline } from "./timeline.js";
import { emptyNode, offerStart } from "./welcome.js";
import { say, speak } from "./words.js";


const address = new URLSearchParams(location.search);
const state = {
  user: Number(address.get("user") ?? sessionStorage.getItem("user") ?? 0),
  chat: Number(address.get("chat") ?? sessionStorage.getItem("chat") ?? 0),
  topic: readTopic(address.get("topic") ?? sessionStorage.getItem("topic")),
  start: address.get("start"),
  hello: null,
  unread: new Map(),
  connected: false,
  loads: 0,
  waiting: [],
};

function readTopic(value) {
  return value === null || value === "" || value === "null" ? null : Number(value);
}

const acts = {
  onCommand: (text) => speech.text(text),
  onCopy: copy,
  onZoom: zoom,
  onLink: openLink,
  onJump: (id) => timeline.jump(id),
  onPress: (message, item) => presses.press(here(), message, item),
  onVote: (message, options) => attempt(() => act("vote", { ...here(), message: message.message_id, options })),
};

const timeline = new Timeline({
  now: () => ({ me: state.hello.me, group: chat().type !== "private", acts, pending: presses.pending }),
  emptyNode: () => emptyNode(chat(), state.hello.bot),
}, { onEarlier: earlier });

const presses = new Presses((id) => timeline.redrawOne(id));

const activity = new Activity(showHead);

const composer = new Composer({
  onSend: (text, context) => speech.text(text, context),
  onFile: (file) => speech.file(file),
  onSticker: (sign) => speech.sticker(sign),
  lastOwn: () => [...timeline.messages.values()].reverse().find((message) => message.from.id === state.hello.me.id && message.text),
});

const speech = new Speech(here, () => composer);

const live = new Live({ onEvent: happened, onOpen: opened, onLost: lost, onRetry: retry });

function chat() {
  return state.hello.chats.find((item) => item.id === state.chat) ?? state.hello.chats[0];
}

function here() {
  return { user: state.hello.me.id, chat: state.chat, topic: state.topic };
}

function openLink(url) {
  return speech.link(url, state.hello.bot.username, () => openChat(state.hello.me.id));
}

// --- what happens

// While messages are read, changes wait: what was read may be older than they are.
function happened(event) {
  if (state.loads || !state.hello) state.waiting.push(event);
  else handle(event);
}

async function loading(work) {
  state.loads += 1;
  try {
    return await work();
  } finally {
    state.loads -= 1;
    if (!state.loads && state.hello) state.waiting.splice(0).forEach(handle);
  }
}

function handle(event) {
  if (event.type === "message" || event.type === "edit") messageCame(event);
  else if (event.type === "delete" && event.chat === state.chat) timeline.remove(event.messages);
  else if (event.type === "action") activity.came(event);
  else if (event.type === "draft" && event.chat === state.chat) activity.came({ ...event, action: "typing", topic: null });
  else if (event.type === "answer") answerCame(event);
  else if (event.type === "profile") refreshSoon();
}

function topicOf(message) {
  return message.is_topic_message ? message.message_thread_id : 0;
}

function isHere(message) {
  if (message.chat.id !== state.chat) return false;
  return state.topic === null || topicOf(message) === state.topic;
}

function messageCame({ type, message }) {
  const item = state.hello.chats.find((one) => one.id === message.chat.id);
  if (item && type === "message") Object.assign(item, { last_message: message, started: true });
  if (message.from.is_bot && type === "message") activity.ended(message.chat.id, topicOf(message));
  if (isHere(message)) {
    if (type === "edit") return timeline.change(message);
    timeline.add(message);
    if (message.force_reply) composer.reply(message, message.force_reply.placeholder);
    drawComposer();
  } else if (type === "message" && message.from.id !== state.hello.me.id) {
    const key = `${message.chat.id} ${item?.is_forum ? topicOf(message) : ""}`;
    state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
  }
  if (!byId("chats").hidden) drawList();
  if (type === "message") showHead();
}

function answerCame({ query, text, alert, url }) {
  presses.answered(query);
  if (url) openLink(url);
  if (!text) return;
  if (alert) alertBox(state.hello.bot.first_name, text);
  else toast(text);
}

// --- connection

async function opened() {
  try {
    await loading(async () => {
      const before = state.hello?.me.id;
      await refreshHello();
      const known = before === state.user && state.hello.chats.some((item) => item.id === state.chat);
      await (known ? readAgain() : openChat(chat().id, state.topic));
    });
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

// A person that a new conversation does not know: the learner takes their place.
async function retry() {
  await act("hello", { user: state.user || undefined }).catch((error) => {
    if (error.message.includes("user not found")) Object.assign(state, { user: 0, chat: 0, topic: null });
  });
  return state.user;
}

// A starting bot sets a dozen things about itself: one look at all of them.
const PROFILE_MS = 120;

function refreshSoon() {
  clearTimeout(state.profileTimer);
  state.profileTimer = setTimeout(() => attempt(refreshHello), PROFILE_MS);
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
  presses.clear();
  await loading(async () => {
    const { messages, more } = await act("messages", here());
    showList(false);
    timeline.show(messages, more);
  });
  const suffix = item.type === "private" ? "" : `@${state.hello.bot.username}`;
  composer.enter(`${state.chat} ${state.topic}`, state.hello.bot.commands[item.type], suffix);
  drawComposer();
  showHead();
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
  showHead();
  if (!byId("chats").hidden) drawList();
  timeline.keeping(() => timeline.redraw());
  const item = chat();
  composer.setCommands(state.hello.bot.commands[item.type], item.type === "private" ? "" : `@${state.hello.bot.username}`);
  composer.relabel();
  drawComposer();
  if (!state.connected && state.wasLost) byId("banner").textContent = say("lost");
}

const places = {
  onBack: () => showList(true),
  onOpen: (id, topic) => attempt(() => openChat(id, topic)),
  onPerson: changePerson,
  onLanguage: changeLanguage,
};

function drawList() {
  drawChats(state, places);
}

function showHead() {
  const item = chat();
  drawHead(state, item, activity.of(item.id, state.topic), places);
}

function drawComposer() {
  const item = chat();
  const empty = item.type === "private" && !timeline.messages.size && !item.last_message;
  offerStart(composer, empty || Boolean(state.start), async () => {
    const line = state.start ? `/start ${state.start}` : "/start";
    state.start = null;
    history.replaceState(null, "", location.pathname);
    await speech.text(line);
    drawComposer();
  });
}

gestures.listen(timeline, {
  mine: (message) => message.from.id === state.hello.me.id,
  mayDelete: (message) => message.from.id === state.hello.me.id || chat().type === "private",
  reply: (message) => composer.reply(message),
  edit: (message) => composer.edit(message),
  remove: (message) => attempt(() => act("delete", { ...here(), message: message.message_id })),
});

// Typing anywhere writes into the composer.
addEventListener("keydown", (event) => {
  const free = !event.target.closest("input, textarea, button, a, dialog") && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (free && event.key.length === 1) composer.field.focus();
});

live.follow(state.user);
