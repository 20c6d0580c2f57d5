// Polls and quizzes: choices before the vote, shares and the right answer after it.

import { element } from "./dom.js";
import { say } from "./words.js";

export function pollNode(poll, chosen, onVote) {
  const decided = chosen.length > 0 || poll.is_closed;
  const kind = poll.type === "quiz" ? say("quiz") : say("poll");
  const options = poll.options.map((option, index) => optionNode(poll, option, index, chosen, decided, onVote));
  const node = element("div", { class: "poll" },
    element("strong", { class: "question" }, poll.question),
    element("span", { class: "kind" }, kind),
    element("div", { class: "options" }, ...options),
    element("span", { class: "kind" }, say("votes", poll.total_voter_count)));
  if (decided && poll.explanation) node.append(element("blockquote", {}, poll.explanation));
  return node;
}

function optionNode(poll, option, index, chosen, decided, onVote) {
  if (!decided) {
    return element("button", { type: "button", class: "option", onclick: () => onVote([index]) },
      element("span", { class: "ring" }), element("span", {}, option.text));
  }
  const share = poll.total_voter_count ? Math.round((100 * option.voter_count) / poll.total_voter_count) : 0;
  const right = poll.correct_option_ids?.includes(index);
  const wrong = poll.type === "quiz" && chosen.includes(index) && !right;
  const bar = element("span", { class: "bar" });
  bar.style.width = `${Math.max(share, 2)}%`;
  const mark = right ? "✓" : wrong ? "✗" : chosen.includes(index) ? "•" : "";
  return element("div", { class: `option decided${right ? " right" : ""}${wrong ? " wrong" : ""}` },
    element("span", { class: "share" }, `${share}%`), element("span", {}, option.text),
    element("span", { class: "mark" }, mark), bar);
}
