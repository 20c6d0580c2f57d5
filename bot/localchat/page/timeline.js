// The messages of the open chat, in order, by id. Changes happen in place: what the reader looks at does not move.

import { byId, element, icon } from "./dom.js";
import { messageNode, serviceText } from "./message.js";
import { dayName, say } from "./words.js";

// So near to the end counts as being there.
const NEAR_END = 60;
// Messages of one person within five minutes stand together.
const TOGETHER_SECONDS = 300;

export class Timeline {
  constructor(view, { onEarlier }) {
    this.root = byId("timeline");
    this.latest = byId("latest");
    this.view = view;
    this.onEarlier = onEarlier;
    this.messages = new Map();
    this.open = new Map();
    this.unseen = 0;
    this.more = false;
    this.pinned = true;
    this.root.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.latest.addEventListener("click", () => this.toEnd(true));
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(this.root);
  }

  atEnd() {
    return this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_END;
  }

  scrolled() {
    this.pinned = this.atEnd();
    if (this.pinned) this.unseen = 0;
    this.showLatest();
    if (this.root.scrollTop < 80 && this.more) {
      this.more = false;
      this.onEarlier(Math.min(...this.messages.keys()));
    }
  }

  showLatest() {
    this.latest.hidden = this.pinned;
    const count = this.unseen ? element("span", { class: "count" }, String(this.unseen)) : null;
    this.latest.replaceChildren(...[icon("down"), count].filter(Boolean));
    this.latest.setAttribute("aria-label", say("latest"));
  }

  toEnd(smooth = false) {
    this.root.scrollTo({ top: this.root.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  show(messages, more) {
    this.messages = new Map(messages.map((message) => [message.message_id, message]));
    this.more = more;
    this.unseen = 0;
    this.pinned = true;
    this.redraw();
    this.toEnd();
  }

  // The same chat read again (after a lost connection): the reader stays where they are.
  refresh(messages, more) {
    this.keeping(() => {
      const oldest = messages[0]?.message_id ?? 0;
      const before = [...this.messages.values()].filter((message) => message.message_id < oldest);
      this.messages = new Map([...(more ? before : []), ...messages].map((message) => [message.message_id, message]));
      this.redraw();
    });
  }

  earlier(messages, more) {
    this.keeping(() => {
      this.messages = new Map([...messages.map((message) => [message.message_id, message]), ...this.messages]);
      this.more = more;
      this.redraw();
    });
  }

  redraw() {
    const nodes = [];
    let before = null;
    for (const message of this.messages.values()) {
      nodes.push(...this.nodesFor(message, before));
      before = message;
    }
    if (!nodes.length) nodes.push(this.view.emptyNode());
    this.root.replaceChildren(...nodes);
    this.showLatest();
  }

  nodesFor(message, before) {
    const nodes = [];
    const day = new Date(message.date * 1000).toDateString();
    const newDay = !before || new Date(before.date * 1000).toDateString() !== day;
    if (newDay) nodes.push(element("div", { class: "note day", "data-day": day }, element("span", {}, dayName(message.date))));
    const node = this.draw(message);
    const together = !newDay && before.from.id === message.from.id && message.date - before.date < TOGETHER_SECONDS && !serviceText(before);
    if (together) node.classList.add("together");
    nodes.push(node);
    return nodes;
  }

  draw(message) {
    const id = message.message_id;
    if (!this.open.has(id)) this.open.set(id, new Set());
    return messageNode(message, { ...this.view.now(), open: this.open.get(id) });
  }

  node(id) {
    return this.root.querySelector(`[data-id="${id}"]`);
  }

  add(message) {
    if (this.messages.has(message.message_id)) return this.change(message);
    const before = [...this.messages.values()].at(-1);
    const own = message.from.id === this.view.now().me.id;
    const stay = this.pinned || own;
    this.messages.set(message.message_id, message);
    this.keeping(() => {
      if (!before) this.root.replaceChildren();
      const nodes = this.nodesFor(message, before);
      nodes.at(-1).classList.add("fresh");
      this.root.append(...nodes);
    }, stay);
    if (!stay) this.unseen += 1;
    this.showLatest();
  }

  change(message) {
    if (!this.messages.has(message.message_id)) return;
    this.messages.set(message.message_id, message);
    this.redrawOne(message.message_id);
  }

  redrawOne(id) {
    const old = this.node(id);
    const message = this.messages.get(id);
    if (!old || !message) return;
    const focused = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
    this.keeping(() => {
      const node = this.draw(message);
      if (old.classList.contains("together")) node.classList.add("together");
      old.replaceWith(node);
      if (focused >= 0) node.querySelectorAll("button, a")[focused]?.focus({ preventScroll: true });
    });
  }

  remove(ids) {
    this.keeping(() => {
      for (const id of ids) {
        this.messages.delete(id);
        this.node(id)?.remove();
      }
      if (!this.messages.size) this.redraw();
    });
  }

  // Change the list without moving what is read: at the end stay at the end, else hold the first message in sight.
  keeping(change, stay = this.pinned) {
    const top = this.root.getBoundingClientRect().top;
    const held = stay ? null : [...this.root.children].find((node) => node.getBoundingClientRect().bottom > top);
    const heldId = held?.dataset.id;
    const place = held?.getBoundingClientRect().top;
    change();
    if (stay) return this.toEnd();
    const now = heldId ? this.node(heldId) : held?.isConnected ? held : null;
    if (now) this.root.scrollTop += now.getBoundingClientRect().top - place;
  }

  jump(id) {
    const node = this.node(id);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.add("found");
    setTimeout(() => node.classList.remove("found"), 1200);
  }
}
