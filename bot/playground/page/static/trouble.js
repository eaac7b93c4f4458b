// Time that is moved on, and faults that are switched on.

import { el, second, stretch } from "./dom.js";
import { addTab } from "./inspector.js";
import { act, state } from "./server.js";

const STEPS = [[60, "+1 min"], [600, "+10 min"], [3600, "+1 h"], [86_400, "+1 day"]];
const ON = { drop: "Drop", refuse: "Refuse" };
const OFF = { refuse: "Allow", "openai-silent": "Let go" };
const DOES = { refuse: "Refusing", "openai-silent": "Not answering" };
const SAID = { "": "", armed: "Armed", met: "It was met", on: "On" };
const shown = new Map(); // by name
let panes = null;

function drawTime() {
  const ahead = state.parts.world?.ahead ?? 0;
  panes.now.textContent = `${second(Date.now() / 1000 + ahead)}${ahead ? `, ${stretch(ahead)} ahead` : ""}`;
}

function draw({ list }) {
  for (const fault of list) {
    if (!shown.has(fault.name)) {
      shown.set(fault.name, made(fault));
      panes.faults.append(shown.get(fault.name).element);
    }
    const { now, on, off, element } = shown.get(fault.name);
    element.classList.toggle("armed", fault.state === "armed" || fault.state === "on");
    now.textContent = ((fault.state === "on" && DOES[fault.name]) || SAID[fault.state]) + (fault.where && fault.state ? ` (${fault.where})` : "");
    const active = fault.state === "armed" || fault.state === "on";
    const had = document.activeElement === on || document.activeElement === off;
    on.hidden = active;
    off.hidden = !active;
    if (had) (active ? off : on).focus();
  }
}

function made({ name, label, says, methods }) {
  const method = methods.length ? el("select", { className: "s-input", "aria-label": `${label}: which method` }, ...methods.map((one) => el("option", {}, one))) : null;
  const now = el("span", { className: "state", role: "status" });
  const on = el("button", { type: "button", className: "s-button s-small", "aria-label": `${label}: ${ON[name] ?? "Arm"}`, onclick: () => act("arm", { name, method: method?.value ?? "" }) }, ON[name] ?? "Arm");
  const off = el("button", { type: "button", className: "s-button s-small s-danger", hidden: true, "aria-label": `${label}: ${OFF[name] ?? "Disarm"}`, onclick: () => act("disarm", { name }) }, OFF[name] ?? "Disarm");
  const element = el("div", { className: "fault" }, el("div", { className: "row" }, el("b", {}, label), now, el("span", { className: "grow" }), method, on, off), el("p", {}, says));
  return { element, now, on, off };
}

addTab({
  id: "trouble",
  title: "Time & faults",
  rank: 4,
  mount(panel) {
    panes = { now: el("b", {}), faults: el("div", {}), sockets: el("span", {}) };
    const steps = STEPS.map(([seconds, label]) => el("button", { type: "button", className: "s-button s-small", onclick: () => act("put_forward", { seconds }) }, label));
    panel.append(
      el("h3", {}, "Time"),
      el("p", {}, "In Slack and at OpenAI it is ", panes.now, "."),
      el("div", { className: "row" }, ...steps),
      el("p", { className: "below" }, "Moves what they let expire: streams, the working status, buttons of a modal, containers, files, budgets. Threadmate itself keeps this machine’s clock, as it would beside the real ones. Time does not go back."),
      el("h3", {}, "Faults"),
      el("p", {}, panes.sockets, " Kill and restart Threadmate in the tab Bot."),
      panes.faults);
    setInterval(() => { if (!panel.hidden) drawTime(); }, 1000);
  },
  changed(names) {
    if (names.includes("world") || names.includes("opened")) {
      drawTime();
      const count = state.parts.world?.sockets ?? 0;
      panes.sockets.textContent = count === 1 ? "Threadmate has one socket open." : count ? `Threadmate has ${count} sockets open.` : "Threadmate has no socket open.";
    }
    if (names.includes("hello")) {
      shown.clear();
      panes.faults.replaceChildren();
    }
    if (names.includes("faults")) draw(state.parts.faults);
  },
});
