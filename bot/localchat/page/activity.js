// What the bot is doing just now: typing, sending a file. It ends by itself, or with the bot's next message.

// Telegram shows an action for five seconds.
const ACTION_MS = 5000;

export class Activity {
  constructor(onChange) {
    this.onChange = onChange;
    this.known = new Map();
  }

  came({ chat, topic, action }) {
    const key = keyOf(chat, topic);
    clearTimeout(this.known.get(key)?.timer);
    const timer = setTimeout(() => this.ended(chat, topic), ACTION_MS);
    this.known.set(key, { action, timer });
    this.onChange();
  }

  ended(chat, topic) {
    const key = keyOf(chat, topic);
    clearTimeout(this.known.get(key)?.timer);
    if (this.known.delete(key)) this.onChange();
  }

  of(chat, topic) {
    return this.known.get(keyOf(chat, topic))?.action;
  }
}

function keyOf(chat, topic) {
  return `${chat} ${topic || ""}`;
}
