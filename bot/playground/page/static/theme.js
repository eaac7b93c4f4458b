// Light or dark: as the system has it, until one says otherwise.

import { $ } from "./dom.js";
import { openMenu } from "./menu.js";

const KEY = "threadmate-theme";
const CHOICES = [["", "As the system"], ["light", "Light"], ["dark", "Dark"]];

function chosen() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function choose(name) {
  document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(KEY, name);
  } catch { /* then it holds for this visit */ }
}

/** Take what was chosen before, and let one choose. */
export function setUp() {
  document.documentElement.dataset.theme = chosen();
  $("theme").setAttribute("aria-haspopup", "menu");
  $("theme").addEventListener("click", () => openMenu($("theme"), CHOICES.map(([name, label]) => ({ label, checked: chosen() === name, run: () => choose(name) })), "Colours"));
}
