// A message's menu: right click or long press; a double click edits one's own words and answers another's.

import { copy, openMenu } from "./dialogs.js";
import { say } from "./words.js";

const LONG_PRESS_MS = 480;

// `acts`: mine(message), mayDelete(message), reply(message), edit(message), remove(message)
export function listen(timeline, acts) {
  const root = timeline.root;

  const under = (event) => {
    const node = event.target.closest?.("article");
    return node && !event.target.closest("button, a") ? timeline.messages.get(Number(node.dataset.id)) : null;
  };

  root.addEventListener("contextmenu", (event) => {
    const message = under(event);
    if (!message || !getSelection().isCollapsed) return;
    event.preventDefault();
    openMenu(choices(message, acts), event.clientX, event.clientY);
  });

  root.addEventListener("dblclick", (event) => {
    const message = under(event);
    if (!message || event.target.closest("pre, code")) return;
    getSelection().removeAllRanges();
    if (acts.mine(message) && message.text) acts.edit(message);
    else acts.reply(message);
  });

  let timer;
  root.addEventListener("touchstart", (event) => {
    const message = under(event);
    const { clientX, clientY } = event.touches[0];
    clearTimeout(timer);
    if (message) timer = setTimeout(() => openMenu(choices(message, acts), clientX, clientY), LONG_PRESS_MS);
  }, { passive: true });
  for (const end of ["touchend", "touchmove", "touchcancel"]) {
    root.addEventListener(end, () => clearTimeout(timer), { passive: true });
  }
}

function choices(message, acts) {
  const text = message.text ?? message.caption;
  const items = [[say("reply"), () => acts.reply(message)]];
  if (text) items.push([say("copy"), () => copy(text)]);
  if (text && acts.mine(message)) items.push([say("edit"), () => acts.edit(message)]);
  if (acts.mayDelete(message)) items.push([say("remove"), () => acts.remove(message), "danger"]);
  return items;
}
