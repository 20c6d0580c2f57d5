// What a person says: texts, edits, files, and links that speak to the bot.

import { act, sendForm } from "./api.js";
import { toast } from "./dialogs.js";
import { say } from "./words.js";

// A longer text goes as several messages, as Telegram's clients send it.
const MAX_UNITS = 4096;

export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(`${say("failed")}: ${error.message}`);
    return null;
  }
}

export class Speech {
  // `here()` names person, chat and topic; `composer()` gets back what could not be sent.
  constructor(here, composer) {
    this.here = here;
    this.composer = composer;
  }

  async text(text, { replyTo, editing } = {}) {
    if (editing) return attempt(() => act("edit", { ...this.here(), message: editing.message_id, text }));
    for (let place = 0; place < text.length; place += MAX_UNITS) {
      const part = text.slice(place, place + MAX_UNITS);
      const sent = await attempt(() => act("say", { ...this.here(), text: part, reply_to: replyTo?.message_id }));
      if (!sent) return this.composer().giveBack(text.slice(place));
    }
    return null;
  }

  sticker(sticker) {
    return attempt(() => act("say", { ...this.here(), sticker }));
  }

  file(file) {
    const kind = file.type.startsWith("image/") ? "photo" : "document";
    const caption = this.composer().take();
    return attempt(() => sendForm({ ...this.here(), [kind]: file, text: caption }));
  }

  // A link to the bot itself (t.me/<bot>?start=…) is said in one's private chat, as in Telegram. True when it was.
  link(url, bot, openPrivate) {
    const link = new URL(url, location.href);
    if (link.hostname !== "t.me" || link.pathname.slice(1) !== bot) return false;
    const payload = link.searchParams.get("start");
    openPrivate().then(() => this.text(payload ? `/start ${payload}` : "/start"));
    return true;
  }
}
