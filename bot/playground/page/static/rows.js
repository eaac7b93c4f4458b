// What the bot's database says: of the message that is inspected, or its newest runs.

import { $, el, second } from "./dom.js";
import { addTab } from "./inspector.js";
import { ask, onChange, state } from "./server.js";
import { behind, everything, focus, onFocus } from "./trail.js";

const SOON = 800; // milliseconds in which changes are gathered into one question
const LONG = 60; // characters of a value, beyond which it is shown when one asks
let pane = null;
let asking = null;

const visible = () => !pane.panel.hidden && !$("inspector").hidden;

async function draw() {
  asking = null;
  if (!visible()) return;
  const told = focus.on ? focus.told : await ask("/inspect/runs");
  const tables = Object.entries(told?.tables ?? {}).filter(([, rows]) => rows.length);
  const key = JSON.stringify([focus.on, tables]);
  if (pane.key === key) return;
  pane.key = key;
  pane.note.replaceChildren(...(focus.on
    ? [el("span", {}, "The rows of the message that is inspected. "), el("button", { type: "button", className: "link", onclick: everything }, "The newest runs")]
    : ["The newest runs. Choose Inspect in a message's menu for the rows behind it."]));
  if (!tables.length) return pane.body.replaceChildren(el("p", { className: "note" }, "There are none."));
  pane.body.replaceChildren(...tables.map(([name, rows]) => (focus.on ? records(name, rows) : overview(rows))));
}

/** Each row as a list of its columns. */
function records(name, rows) {
  const lists = rows.map((row) => el("dl", { className: "record" }, ...Object.entries(row).filter(([, value]) => value !== null && value !== "").flatMap(([column, value]) => [el("dt", {}, column), el("dd", { dir: "auto" }, said(column, value))])));
  return el("section", { "aria-label": name }, el("h3", {}, `${name}${rows.length > 1 ? ` (${rows.length})` : ""}`), ...lists);
}

function said(column, value) {
  const text = String(value);
  if (typeof value === "number" && /(_at|_until|_since)$/.test(column) && value > 1e9) return new Date(value * 1000).toLocaleString();
  return text.length > LONG ? el("details", {}, el("summary", {}, `${text.slice(0, LONG)}…`), el("pre", { tabIndex: 0, "aria-label": column }, text)) : text;
}

function overview(runs) {
  const head = ["Status", "Began", "Took", "Tokens", "Run"];
  const body = runs.map(({ id, status, created_at: began, finished_at: ended, input_tokens: read, output_tokens: wrote, error, channel, message_ts: ts }) => el("tr", {},
    el("td", {}, error ? `${status}: ${error}` : status),
    el("td", {}, second(began)),
    el("td", {}, ended ? `${(ended - began).toFixed(1)} s` : ""),
    el("td", {}, read === null ? "" : `${read} + ${wrote}`),
    el("td", {}, ts ? el("button", { type: "button", className: "link", title: "What happened behind it", onclick: () => behind(channel, ts) }, id.slice(0, 8)) : id.slice(0, 8))));
  return el("table", { className: "plain-table" }, el("thead", {}, el("tr", {}, ...head.map((title) => el("th", { scope: "col" }, title)))), el("tbody", {}, ...body));
}

addTab({
  id: "rows",
  title: "Rows",
  rank: 2,
  mount(panel) {
    pane = { panel, note: el("p", {}), body: el("div", {}), key: null };
    panel.append(pane.note, pane.body);
  },
  changed(names) {
    if (names.includes("opened") || names.includes("hello")) draw();
  },
});

onFocus(draw);
onChange((names) => {
  if ((names.includes("trail") || names.includes("bot")) && visible() && !focus.on && !asking && state.connected) asking = setTimeout(draw, SOON);
});
