// The modal that lies in front: drawn by the server, filled in here.

import { agreed } from "./confirm.js";
import { $, el } from "./dom.js";
import { morph } from "./morph.js";
import { act } from "./server.js";

let veil = null;
let shown = null;
let before = null;

/** Show that modal, or none. */
export function showModal(part) {
  if (!part.id) return hide();
  if (!veil) {
    before = document.activeElement;
    veil = el("div", { className: "veil", onclick: press, onkeydown: keys, onchange: pick, onpointerdown: (event) => { if (event.target === veil) close(true); } });
    document.body.append(veil);
    $("app").inert = true;
  }
  const fresh = shown !== part.id;
  if (fresh) veil.replaceChildren();
  shown = part.id;
  morph(veil, part.html);
  label(part.errors ?? {});
  if (fresh || !veil.contains(document.activeElement)) (veil.querySelector("input, textarea, select") ?? veil.querySelector("button"))?.focus();
}

function hide() {
  veil?.remove();
  veil = shown = null;
  $("app").inert = false;
  before?.focus?.();
  before = null;
}

/** Fields are called what stands above them, and errors stand below. */
function label(errors) {
  for (const field of veil.querySelectorAll("fieldset")) {
    const control = field.querySelector("textarea, select, input[type=text]");
    const name = field.querySelector("legend")?.textContent;
    if (control && name) control.setAttribute("aria-label", name);
  }
  for (const block of veil.querySelectorAll("[data-block-id]")) {
    const error = errors[block.dataset.blockId];
    if (error) block.append(el("p", { className: "field-error", role: "alert" }, error));
  }
  for (const body of veil.querySelectorAll(".s-modal-body")) body.tabIndex = 0;
}

async function press(event) {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.modal === "submit") act("submit", { view: shown, values: values() });
  else if (button.dataset.modal === "close") close(false);
  else if (button.dataset.actionId && (await agreed(button))) act("press_in_modal", { view: shown, action: button.dataset.actionId, value: button.dataset.value ?? null });
}

function pick(event) {
  const select = event.target.closest("select[data-action-id]");
  if (select && (!select.closest("fieldset") || select.closest("[data-dispatch]"))) act("press_in_modal", { view: shown, action: select.dataset.actionId, value: select.value || null });
}

const close = (everything) => act("close_modal", { view: shown, everything });

function keys(event) {
  if (event.key === "Escape") close(false);
  if (event.key !== "Tab") return;
  const stops = [...veil.querySelectorAll("button, input, textarea, select, a[href], summary, [tabindex='0']")];
  const [first, last] = [stops[0], stops.at(-1)];
  if (event.shiftKey && document.activeElement === first) { last.focus(); event.preventDefault(); }
  else if (!event.shiftKey && document.activeElement === last) { first.focus(); event.preventDefault(); }
}

/** What is filled in, by block and action. */
function values() {
  const found = {};
  for (const control of veil.querySelectorAll("[data-block-id] [name]")) {
    const block = control.closest("[data-block-id]").dataset.blockId;
    const entered = (found[block] ??= {});
    const { name, type } = control;
    if (type === "checkbox") entered[name] = [...(entered[name] ?? []), ...(control.checked ? [control.value] : [])];
    else if (type === "radio") entered[name] = control.checked ? control.value : (entered[name] ?? null);
    else entered[name] = control.value || null;
  }
  return found;
}
