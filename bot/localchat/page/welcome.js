// Before the first word: what the bot is, and one button that begins, as Telegram has it.

import { element } from "./dom.js";
import { say } from "./words.js";

export function emptyNode(chat, bot) {
  if (chat.type !== "private") return element("div", { class: "note" }, element("span", {}, say("addressed")));
  return element("div", { class: "welcome" },
    element("span", { class: "face", "aria-hidden": "true" }, "🍱"),
    element("h2", {}, bot.first_name),
    bot.description ? element("p", {}, bot.description) : null);
}

// In place of the field, while there is nothing to answer yet.
export function offerStart(composer, offered, onStart) {
  composer.root.classList.toggle("starting", offered);
  composer.root.querySelector(".begin")?.remove();
  composer.grow();
  if (offered) composer.root.append(element("button", { type: "button", class: "begin", onclick: onStart }, say("start")));
}
