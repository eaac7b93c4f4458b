// The pane for those who want to know what happens behind. Each tab is a module of its own: `addTab` below.

import { $, el } from "./dom.js";
import { act, look, onChange, state } from "./server.js";

const tabs = [];

/** Add a tab `{id, title, rank, mount, changed}`, those of a low rank first: `mount(panel)` is called once, `changed(names, message)` at every change. */
export function addTab(tab) {
  const { id, title, rank = 9 } = tab;
  const panel = el("div", { className: "panel", role: "tabpanel", id: `inspect-${id}`, tabIndex: 0, "aria-labelledby": `inspect-tab-${id}`, hidden: true });
  const button = el("button", { type: "button", role: "tab", id: `inspect-tab-${id}`, "aria-controls": panel.id, "aria-selected": "false", tabIndex: -1, onclick: () => front(id) }, title);
  tabs.push({ id, rank, panel, button, changed: (names, message) => tab.changed?.(names, message) });
  tab.mount(panel);
}

function front(id) {
  for (const tab of tabs) {
    const here = tab.id === id;
    tab.panel.hidden = !here;
    tab.button.setAttribute("aria-selected", String(here));
    tab.button.tabIndex = here ? 0 : -1;
    if (here) tab.changed(["opened"], {});
  }
}

/** Bring a tab to the front, the pane opened where it is closed. */
export function show(id) {
  if ($("inspector").hidden) toggle();
  front(id);
}

/** Put the pane together, closed. */
export function setUp() {
  const pane = $("inspector");
  const list = el("div", { className: "tabs", role: "tablist", "aria-label": "Inspector" });
  tabs.sort((one, other) => one.rank - other.rank);
  list.replaceChildren(...tabs.map((tab) => tab.button));
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const at = tabs.findIndex((tab) => tab.button === document.activeElement);
    const to = tabs[(at + by + tabs.length) % tabs.length];
    front(to.id);
    to.button.focus();
  });
  const close = el("button", { type: "button", className: "plain close", "aria-label": "Close inspector", onclick: toggle }, "×");
  pane.append(el("header", { className: "place-head" }, el("h2", {}, "Inspector"), close, list), ...tabs.map((tab) => tab.panel));
  if (tabs.length) front(tabs[0].id);
  $("inspect").addEventListener("click", toggle);
  onChange((names, message) => { for (const tab of tabs) tab.changed(names, message); });
}

/** Open or close it. */
export function toggle() {
  const pane = $("inspector");
  pane.hidden = !pane.hidden;
  document.body.classList.toggle("inspecting", !pane.hidden);
  $("inspect").setAttribute("aria-expanded", String(!pane.hidden));
  state.inspecting = !pane.hidden;
  look();
  if (pane.hidden) $("inspect").focus();
}

// -- the bot's log

const MOST = 2000; // lines
const said = { starting: "Threadmate is starting.", ready: "Threadmate is running.", ended: "Threadmate is not running." };

addTab({
  id: "log",
  title: "Bot",
  mount(panel) {
    const button = (label, name, look = "") => el("button", { type: "button", className: `s-button s-small ${look}`, onclick: () => act(name) }, label);
    this.state = el("p", {});
    this.start = button("Start", "start_bot", "s-primary");
    this.running = [button("Kill and restart", "restart_bot"), button("Kill", "kill_bot", "s-danger")];
    this.log = el("pre", { className: "log", "aria-label": "Log", tabIndex: 0 });
    panel.append(this.state, el("div", { className: "row" }, this.start, ...this.running), this.log);
  },
  changed(names, message) {
    if (names.includes("hello")) this.log.replaceChildren();
    if (names.includes("bot") || names.includes("hello")) {
      const { state: now = "starting" } = state.parts.bot ?? {};
      this.state.textContent = said[now];
      this.start.hidden = now !== "ended";
      for (const one of this.running) one.hidden = now === "ended";
    }
    if (names.includes("opened")) this.log.scrollTop = this.log.scrollHeight;
    if (message.log) {
      const end = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
      this.log.append(...message.log.map((line) => el("span", { className: /\b(WARNING|ERROR|CRITICAL)\b/.test(line) ? "bad" : "" }, `${line}\n`)));
      while (this.log.childElementCount > MOST) this.log.firstChild.remove();
      if (end) this.log.scrollTop = this.log.scrollHeight;
    }
  },
});
