// What Slack asks once more before some buttons are pressed: their `confirm` object.

import { $, el } from "./dom.js";

/** Whether that button may be pressed: at once, or after one has agreed. */
export function agreed(control) {
  if (!control.dataset.confirm) return Promise.resolve(true);
  const { title, text, confirm, deny, style } = JSON.parse(control.dataset.confirm);
  return new Promise((resolve) => ask({ title, text, confirm, deny, style }, (yes) => { resolve(yes); control.focus(); }));
}

function ask({ title, text, confirm, deny, style }, answer) {
  const below = [$("app"), ...document.querySelectorAll(".veil")].filter((one) => !one.inert);
  const close = (yes) => {
    veil.remove();
    for (const one of below) one.inert = false;
    answer(yes);
  };
  const no = el("button", { type: "button", className: "s-button", onclick: () => close(false) }, deny);
  const yes = el("button", { type: "button", className: `s-button ${style === "danger" ? "s-danger" : "s-primary"}`, onclick: () => close(true) }, confirm);
  const box = el("section", { className: "s-modal", role: "alertdialog", "aria-modal": "true", "aria-label": title, "aria-describedby": "confirm-text" },
    el("h3", { className: "s-modal-title", dir: "auto" }, title),
    el("p", { className: "s-modal-body", id: "confirm-text", dir: "auto" }, text),
    el("div", { className: "s-modal-foot" }, no, yes));
  const veil = el("div", { className: "veil", onkeydown: (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close(false);
    if (event.key === "Tab") { event.preventDefault(); (document.activeElement === no ? yes : no).focus(); }
  } }, box);
  for (const one of below) one.inert = true;
  document.body.append(veil);
  no.focus();
}
