// Where a person writes: several lines, an answer or an edit, files, and the bot's commands while typing.

import { byId, button, element, icon } from "./dom.js";
import { openMenu } from "./dialogs.js";
import { summary } from "./message.js";
import { say } from "./words.js";

const MAX_HEIGHT = 160;
const STICKERS = ["🍱", "🐳", "👍", "🎉"];

export class Composer {
  // `acts`: onSend(text, {replyTo, editing}), onFile(file), onSticker(emoji), lastOwn() -> message
  constructor(acts) {
    this.root = byId("composer");
    this.acts = acts;
    this.commands = [];
    this.shown = [];
    this.chosen = -1;
    this.suffix = "";
    this.context = null;
    this.drafts = new Map();
    this.build();
  }

  build() {
    this.field = element("textarea", { rows: 1, enterKeyHint: "send", autocomplete: "off", spellcheck: false });
    this.field.addEventListener("input", () => this.changed());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.list = element("div", { class: "commands", role: "listbox", id: "commands", hidden: true });
    this.about = element("div", { class: "about", hidden: true });
    this.files = element("input", { type: "file", class: "offscreen", tabIndex: -1 });
    this.files.addEventListener("change", () => {
      if (this.files.files[0]) this.acts.onFile(this.files.files[0]);
      this.files.value = "";
    });
    this.root.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file) this.acts.onFile(file);
    });
    this.slash = button("tool", "", () => this.toggleCommands(), icon("slash"));
    this.clip = button("tool", "", () => this.attach(), icon("clip"));
    this.sendButton = button("send", "", () => this.send(), icon("send"));
    const line = element("div", { class: "line" }, this.slash, this.field, this.clip, this.sendButton);
    this.root.replaceChildren(this.list, this.about, line, this.files);
    this.relabel();
    this.changed();
  }

  // Only words change here: the field stays where it is, with its focus and what an input method is composing.
  relabel() {
    this.field.placeholder = this.placeholder ?? say("message");
    const labels = [[this.field, "message"], [this.slash, "commands"], [this.clip, "attach"], [this.sendButton, "send"]];
    for (const [node, word] of labels) node.setAttribute("aria-label", say(word));
    for (const node of [this.slash, this.clip, this.sendButton]) node.title = node.getAttribute("aria-label");
    this.files.setAttribute("aria-label", say("attach"));
    this.showContext();
  }

  // A chat's own draft stays with it.
  enter(key, commands, suffix) {
    if (this.place !== undefined) this.drafts.set(this.place, this.field.value);
    this.place = key;
    this.setCommands(commands, suffix);
    this.context = null;
    this.placeholder = undefined;
    this.field.value = this.drafts.get(key) ?? "";
    this.relabel();
    this.changed();
  }

  setCommands(commands, suffix) {
    this.commands = commands;
    this.suffix = suffix;
    this.slash.hidden = !commands.length;
    this.showCommands();
  }

  attach() {
    const place = this.clip.getBoundingClientRect();
    const stickers = STICKERS.map((sign) => [sign, () => this.acts.onSticker(sign), "sign"]);
    openMenu([[say("photo"), () => this.files.click()], ...stickers], place.left - 120, place.top - 8, { above: true });
  }

  key(event) {
    // Hangul being composed: Enter belongs to the input method (Safari says so by 229 only).
    if (event.isComposing || event.keyCode === 229) return;
    if (!this.list.hidden && this.commandKey(event)) return event.preventDefault();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape") {
      this.cancel();
    } else if (event.key === "ArrowUp" && !this.field.value) {
      const message = this.acts.lastOwn();
      if (message) {
        event.preventDefault();
        this.edit(message);
      }
    }
  }

  commandKey(event) {
    const items = [...this.list.children];
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) {
      this.chosen = (this.chosen + move + items.length) % items.length;
      this.markChosen();
    } else if (event.key === "Tab") {
      this.field.value = `${this.shown[Math.max(this.chosen, 0)].line} `;
      this.changed();
    } else if (event.key === "Enter" && !event.shiftKey && this.chosen >= 0) {
      items[this.chosen].click();
    } else if (event.key === "Escape") {
      this.list.hidden = true;
    } else {
      return false;
    }
    return true;
  }

  changed() {
    this.grow();
    this.root.classList.toggle("ready", this.field.value.trim() !== "");
    this.forced = false;
    this.chosen = -1;
    this.showCommands();
  }

  // As high as its lines; a field that is not shown has no height to measure.
  grow() {
    this.field.style.height = "auto";
    const height = this.field.scrollHeight;
    if (height) this.field.style.height = `${Math.min(height, MAX_HEIGHT)}px`;
  }

  matching() {
    const typed = this.forced ? "/" : this.field.value;
    if (!/^\/\w*$/.test(typed)) return [];
    const found = this.commands.filter((item) => item.command.startsWith(typed.slice(1)));
    return found.map((item) => ({ ...item, line: `/${item.command}${this.suffix}` }));
  }

  toggleCommands() {
    this.forced = this.list.hidden;
    this.showCommands();
    if (this.forced) this.field.focus();
  }

  // Also drawn anew when the page learns something in the middle of a choice: what is chosen stays chosen.
  showCommands() {
    const chosen = this.shown[this.chosen]?.line;
    this.shown = this.matching();
    this.chosen = this.shown.findIndex((item) => item.line === chosen);
    this.list.replaceChildren(...this.shown.map((item) => this.commandNode(item)));
    this.markChosen();
    this.list.hidden = !this.shown.length;
    this.slash.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  commandNode(item) {
    const choose = () => {
      this.field.value = "";
      this.changed();
      this.acts.onSend(item.line, {});
      this.field.focus();
    };
    return element("button", { type: "button", role: "option", tabIndex: -1, onclick: choose },
      element("strong", {}, `/${item.command}`), element("span", {}, item.description));
  }

  markChosen() {
    [...this.list.children].forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === this.chosen));
      if (index === this.chosen) node.scrollIntoView({ block: "nearest" });
    });
  }

  reply(message, placeholder) {
    this.context = { kind: "reply", message };
    this.placeholder = placeholder || undefined;
    this.field.placeholder = this.placeholder ?? say("message");
    this.showContext();
    this.field.focus();
  }

  edit(message) {
    this.context = { kind: "edit", message };
    this.field.value = message.text ?? message.caption ?? "";
    this.showContext();
    this.changed();
    this.field.focus();
  }

  cancel() {
    if (this.context?.kind === "edit") this.field.value = "";
    this.context = null;
    this.placeholder = undefined;
    this.field.placeholder = say("message");
    this.showContext();
    this.changed();
  }

  showContext() {
    this.about.hidden = !this.context;
    if (!this.context) return;
    const { kind, message } = this.context;
    const title = kind === "edit" ? say("editing") : say("answering", message.from.first_name);
    const words = element("div", {}, element("strong", {}, title), element("span", {}, summary(message)));
    this.about.replaceChildren(icon("reply"), words, button("tool", say("cancel"), () => this.cancel(), icon("close")));
  }

  take() {
    const text = this.field.value.trim();
    this.field.value = "";
    this.changed();
    return text;
  }

  giveBack(text) {
    if (!this.field.value) this.field.value = text;
    this.changed();
  }

  send() {
    const text = this.field.value.trim();
    if (!text) return;
    const editing = this.context?.kind === "edit" ? this.context.message : null;
    const replyTo = this.context?.kind === "reply" ? this.context.message : null;
    this.field.value = "";
    this.cancel();
    this.acts.onSend(text, { replyTo, editing });
  }
}
