// What to try first; each is ticked off when it was done, and the whole can be put away.

import { $, el } from "./dom.js";

const KEY = "threadmate-hints";
const HINTS = [
  ["mention", "Mention it", "Ask @Threadmate in #general."],
  ["dm", "Write to it directly", "Under Direct messages."],
  ["file", "Drop a file", "Or take a sample: + beside the text."],
  ["follow", "Follow up in the thread", "No mention is needed there."],
  ["unfold", "Unfold the steps", "Below an answer."],
  ["stop", "Stop a long answer", "Ask for “write 900 words”, then Stop."],
];

let tryIt = () => {};

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function write(done) {
  try {
    localStorage.setItem(KEY, JSON.stringify(done));
  } catch { /* then they are shown again next time */ }
}

/** Show them; `start(name)` brings one to where that hint can be tried. */
export function showHints(start) {
  tryIt = start;
  draw();
}

/** That was done. */
export function done(name) {
  const known = read();
  if (!known[name]) {
    write({ ...known, [name]: true });
    draw();
  }
}

function draw() {
  const known = read();
  const pane = $("hints");
  pane.hidden = Boolean(known.away);
  const left = HINTS.filter(([name]) => !known[name]).length;
  pane.replaceChildren(
    el("header", {}, el("h3", {}, left ? "Try this" : "That is all of it"), el("button", { type: "button", className: "plain", "aria-label": "Put hints away", onclick: () => { write({ ...read(), away: true }); draw(); } }, "×")),
    el("ul", {}, ...HINTS.map(([name, title, how]) => el("li", { className: known[name] ? "done" : "" },
      el("button", { type: "button", className: "plain", onclick: () => tryIt(name) },
        el("span", { className: "tick", "aria-hidden": "true" }), el("span", {}, el("b", {}, title), el("small", {}, known[name] ? "Done" : how)))))));
}
