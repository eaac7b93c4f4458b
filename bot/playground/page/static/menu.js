// A menu that opens at a button: arrow keys, Escape, a click elsewhere.

import { $, el } from "./dom.js";

let close = null;

// A message's buttons are hidden while neither the menu nor the focus is there: the focus goes back before the menu goes.

/** Open a menu of `{label, run, href, hint, checked}` below that button; null is a line between. */
export function openMenu(button, entries, label) {
  const again = close?.button === button;
  close?.();
  if (again) return;
  const items = entries.map((entry) => (entry === null ? el("hr") : item(entry)));
  const menu = el("div", { className: "menu", role: "menu", "aria-label": label }, ...items);
  $("layer").append(menu);
  place(menu, button);
  button.setAttribute("aria-expanded", "true");
  const outside = (event) => { if (!menu.contains(event.target) && !button.contains(event.target)) close?.(); };
  close = () => {
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    close = null;
  };
  close.button = button;
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => steer(event, menu, button));
  menu.querySelector("[role^=menuitem]")?.focus();
}

function item(entry) {
  const inside = [el("span", {}, entry.label), entry.hint ? el("small", {}, entry.hint) : null];
  const role = entry.checked === undefined ? "menuitem" : "menuitemradio";
  const common = { role, tabIndex: -1, className: entry.danger ? "danger" : "" };
  if (entry.checked !== undefined) common["aria-checked"] = String(entry.checked);
  if (entry.href) return el("a", { ...common, href: entry.href, target: "_blank", rel: "noopener", onclick: () => close?.() }, ...inside);
  return el("button", { ...common, type: "button", onclick: () => { close?.button.focus(); close?.(); entry.run(); } }, ...inside);
}

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 4 + height < innerHeight;
  menu.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - height - 4)}px`;
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
}

function steer(event, menu, button) {
  const items = [...menu.querySelectorAll("[role^=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) items[(to + items.length) % items.length].focus();
  else if (event.key === "Escape" || event.key === "Tab") { button.focus(); close?.(); }
  else return;
  event.preventDefault();
  event.stopPropagation();
}
