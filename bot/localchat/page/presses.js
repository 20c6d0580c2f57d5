// Buttons that wait for the bot's answer: which, since when, and what happens when none comes.

import { act } from "./api.js";
import { toast } from "./dialogs.js";
import { say } from "./words.js";

// An answer may overtake the press's own response; it is remembered for so long.
const EARLY_MS = 5000;

export class Presses {
  // `redraw(id)` shows a message's buttons anew.
  constructor(redraw) {
    this.redraw = redraw;
    this.pending = new Map();
    this.early = new Set();
  }

  async press(place, message, item) {
    const key = `${message.message_id} ${item.callback_data}`;
    if (this.pending.has(key)) return;
    this.pending.set(key, null);
    this.redraw(message.message_id);
    try {
      const { query, seconds } = await act("press", { ...place, message: message.message_id, data: item.callback_data });
      this.pending.set(key, query);
      setTimeout(() => this.settle(query) && toast(say("late")), seconds * 1000);
      if (this.early.delete(query)) this.settle(query);
    } catch {
      this.pending.delete(key);
      this.redraw(message.message_id);
      toast(say("tooOld"));
    }
  }

  answered(query) {
    if (this.settle(query)) return;
    this.early.add(query);
    setTimeout(() => this.early.delete(query), EARLY_MS);
  }

  settle(query) {
    const found = [...this.pending].find(([, waiting]) => waiting === query);
    if (!found) return false;
    this.pending.delete(found[0]);
    this.redraw(Number(found[0].split(" ")[0]));
    return true;
  }

  clear() {
    this.pending.clear();
  }
}
