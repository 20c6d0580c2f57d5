// The wire: acts in a person's name, and the live stream of changes, which finds its way back by itself.

export async function act(name, fields) {
  const response = await fetch(`/api/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });
  return answer(response);
}

export async function sendForm(fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== null) form.append(name, value);
  return answer(await fetch("/api/say", { method: "POST", body: form }));
}

async function answer(response) {
  if (response.ok) return response.json();
  const text = await response.text();
  let words = text;
  try {
    words = JSON.parse(text).description;
  } catch {
    // A refusal of the door, not of the chat: plain text.
  }
  throw new Error(words || `HTTP ${response.status}`);
}

// Waits between tries grow from half a second to five: a bot that starts anew is back in about two.
const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

export class Live {
  constructor({ onEvent, onOpen, onLost, onRetry }) {
    Object.assign(this, { onEvent, onOpen, onLost, onRetry, wait: FIRST_WAIT, user: null, socket: null });
  }

  follow(user) {
    this.user = user;
    clearTimeout(this.timer);
    if (this.socket) {
      this.socket.onclose = null;
      this.socket.close();
    }
    this.connect();
  }

  connect() {
    const socket = new WebSocket(`ws://${location.host}/api/live?user=${this.user}`);
    this.socket = socket;
    socket.onmessage = (message) => {
      if (socket !== this.socket) return;
      const event = JSON.parse(message.data);
      if (event.type === "hello") this.opened();
      else this.onEvent(event);
    };
    socket.onclose = () => this.lost();
  }

  opened() {
    this.wait = FIRST_WAIT;
    this.onOpen();
  }

  lost() {
    this.onLost();
    this.timer = setTimeout(async () => {
      // A bot that was started anew has a new session: the page itself brings its cookie.
      await fetch("/", { cache: "no-store" }).catch(() => undefined);
      this.user = await this.onRetry();
      this.connect();
    }, this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }
}
