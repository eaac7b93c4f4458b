// The trail: what went between Slack, the bot and OpenAI; and what of it is behind one message.

import { $, el, second } from "./dom.js";
import { addTab, show } from "./inspector.js";
import { ask, onChange, state } from "./server.js";

const KINDS = { event: "Events", call: "Slack calls", request: "OpenAI" };
const MOST = 300; // of each kind
const NEAR = 60; // pixels from the end
const SOON = 400; // milliseconds in which changes are gathered into one question

/** What is inspected: {channel, ts, whole}, or null for everything; `told` is what the server said of it. */
export const focus = { on: null, told: null };
const listeners = [];
const rows = new Map(); // by number
const shown = { event: true, call: true, request: true };
let panes = null;
let asking = null;
let atEnd = true; // where one stays when more comes

/** Call that when something else is inspected, or more is known of it. */
export const onFocus = (listener) => listeners.push(listener);

/** Show what happened behind a message; of its whole thread with `whole`. */
export function behind(channel, ts, whole = false) {
  focus.on = { channel, ts, whole };
  focus.told = null;
  show("trail");
  sift();
  panes.list.parentElement.scrollTop = 0;
  learn();
}

export function everything() {
  focus.on = focus.told = null;
  tell();
  stick();
}

async function learn() {
  asking = null;
  const on = focus.on;
  if (!on) return;
  const query = new URLSearchParams({ channel: on.channel, ts: on.ts });
  if (on.whole) query.set("whole", "");
  const told = await ask(`/inspect/behind?${query}`);
  if (focus.on !== on) return;
  focus.told = told ?? { numbers: [], tables: {}, run: null };
  tell();
}

function tell() {
  sift();
  for (const listener of listeners) listener();
}

// -- the list

function take(entry) {
  let row = rows.get(entry.n);
  if (!row) {
    row = made(entry);
    rows.set(entry.n, row);
    const after = [...rows.keys()].filter((n) => n > entry.n);
    panes.list.insertBefore(row.element, after.length ? rows.get(Math.min(...after)).element : null);
  }
  row.entry = entry;
  row.state.textContent = entry.state;
  row.state.className = `state ${entry.mood}`;
  row.note.textContent = entry.note;
  if (row.element.open) look(row);
}

function made(entry) {
  const state = el("span", {});
  const note = el("span", { className: "trail-note", dir: "auto" });
  const inside = el("div", { className: "inside" });
  const summary = el("summary", {},
    el("time", {}, second(entry.at)), el("span", { className: `kind ${entry.kind}` }, { event: "Event", call: "Slack", request: "OpenAI" }[entry.kind]),
    el("b", {}, entry.title), state, note);
  const element = el("details", { className: "entry" }, summary, inside);
  const row = { entry, element, state, note, inside };
  element.addEventListener("toggle", () => { if (element.open) look(row); });
  return row;
}

/** The details, asked for when somebody unfolds them. */
async function look(row) {
  const told = await ask(`/inspect/entry/${row.entry.n}`);
  const sections = told ? Object.entries(told).filter(([, value]) => value !== null) : [["", "This is not kept any more."]];
  row.inside.replaceChildren(...sections.map(([name, value]) => (name === "events" ? events(value) : section(name, value))));
}

function section(name, value) {
  const plain = typeof value !== "object";
  const text = plain ? String(value) : JSON.stringify(value, null, 2);
  return el("div", {}, el("h4", {}, plain ? `${name}: ${text}` : name), plain ? null : el("pre", { tabIndex: 0, "aria-label": name }, text));
}

function events(list) {
  const lines = list.map(({ after, type, count, delta, event }) => el("li", {},
    el("details", {}, el("summary", {}, el("time", {}, `+${after.toFixed(2)} s`), el("span", {}, type), count > 1 ? el("span", { className: "state" }, `${count} times`) : null),
      el("pre", { tabIndex: 0, "aria-label": type }, delta ?? JSON.stringify(event, null, 2)))));
  return el("div", {}, el("h4", {}, "stream"), el("ul", { className: "events" }, ...lines));
}

function stick() {
  const panel = panes.list.parentElement;
  if (atEnd && !focus.on) panel.scrollTop = panel.scrollHeight;
}

/** Show what is wanted, forget what is too old. */
function sift() {
  const wanted = focus.on && new Set(focus.told?.numbers ?? []);
  const counts = { event: 0, call: 0, request: 0 };
  const newestFirst = [...rows].sort(([one], [other]) => other - one);
  const kept = { event: 0, call: 0, request: 0 };
  for (const [number, { entry, element }] of newestFirst) {
    kept[entry.kind] += 1;
    if (kept[entry.kind] > MOST) {
      element.remove();
      rows.delete(number);
      continue;
    }
    const inFocus = !wanted || wanted.has(number);
    if (inFocus) counts[entry.kind] += 1;
    element.hidden = !(inFocus && shown[entry.kind]);
  }
  for (const [kind, count] of Object.entries(counts)) panes.counts[kind].textContent = String(count);
  const none = Object.values(counts).every((count) => count === 0);
  panes.none.hidden = !none;
  panes.none.textContent = focus.on && !focus.told ? "Looking…" : focus.on ? "Nothing that is still kept is about this message." : "Nothing has happened yet.";
  drawFocus();
}

function drawFocus() {
  const key = JSON.stringify([focus.on, focus.told?.run]);
  panes.focus.hidden = !focus.on;
  if (panes.focus.dataset.key === key) return;
  panes.focus.dataset.key = key;
  if (!focus.on) return panes.focus.replaceChildren();
  const { channel, ts, whole } = focus.on;
  const { run } = focus.told ?? {};
  const what = whole ? "Behind this thread" : run ? "Behind this answer" : "About this message";
  panes.focus.replaceChildren(
    el("b", {}, what), el("code", { title: run ? "The run" : "The message's ts" }, run ? `run ${run.slice(0, 8)}` : ts), el("span", { className: "grow" }),
    el("button", { type: "button", className: "link", onclick: () => behind(channel, ts, !whole) }, whole ? "Only this answer" : "Whole thread"),
    el("button", { type: "button", className: "link", onclick: everything }, "Everything"));
}

addTab({
  id: "trail",
  title: "Trail",
  rank: 1,
  mount(panel) {
    const counts = {};
    const boxes = Object.entries(KINDS).map(([kind, label]) => {
      counts[kind] = el("span", { className: "count" });
      const box = el("input", { type: "checkbox", checked: true, onchange: () => { shown[kind] = box.checked; sift(); } });
      return el("label", { className: "box-label" }, box, label, counts[kind]);
    });
    panes = {
      counts,
      focus: el("div", { className: "focus", role: "status", hidden: true }),
      none: el("p", { className: "note" }),
      list: el("div", { className: "trail", role: "group", "aria-label": "What happened" }),
    };
    const real = el("p", { hidden: true }, "A real API answers: what the bot asks it does not pass here.");
    this.real = real;
    panel.addEventListener("scroll", () => { atEnd = panel.scrollHeight - panel.scrollTop - panel.clientHeight < NEAR; });
    panel.append(panes.focus, el("div", { className: "row boxes" }, ...boxes), real, panes.none, panes.list);
  },
  changed(names, message) {
    if (names.includes("hello")) {
      rows.clear();
      panes.list.replaceChildren();
      this.real.hidden = !state.hello.answers_from;
    }
    if (message.trail) {
      message.trail.forEach(take);
      sift();
      stick();
    }
    if (names.includes("hello") || names.includes("opened")) {
      sift();
      stick();
    }
  },
});

// what is behind a message grows while it is being answered
onChange((names) => {
  if (names.includes("trail") && focus.on && !asking && !$("inspector").hidden) asking = setTimeout(learn, SOON);
});
