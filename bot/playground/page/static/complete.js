// What is offered while one types: people after an @, commands after a / at the beginning.

import { el } from "./dom.js";

const MOST = 8;
let count = 0;

export class Completion {
  /** `offers(word)` gives `{insert, label, hint}` for a word that begins with @ or /. */
  constructor(box, offers) {
    Object.assign(this, { box, offers, found: [], at: 0 });
    count += 1;
    this.list = el("div", { className: "complete", role: "listbox", id: `complete-${count}`, "aria-label": "Suggestions", hidden: true });
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", this.list.id);
    box.addEventListener("input", () => this.look());
    box.addEventListener("blur", () => this.hide());
    box.addEventListener("click", () => this.look());
  }

  word() {
    if (this.box.selectionStart !== this.box.selectionEnd) return null;
    const before = this.box.value.slice(0, this.box.selectionStart);
    return before.match(/(?:^|[\s(])(@[^\s@]*)$/)?.[1] ?? before.match(/^(\/\S*)$/)?.[1] ?? null;
  }

  look() {
    const word = this.word();
    this.found = word === null ? [] : this.offers(word).slice(0, MOST);
    this.at = 0;
    this.draw();
  }

  draw() {
    this.list.hidden = this.found.length === 0;
    this.list.replaceChildren(...this.found.map((offer, index) => el("div", {
      id: `${this.list.id}-${index}`, role: "option", className: "offer", "aria-selected": String(index === this.at),
      onpointerdown: (event) => { event.preventDefault(); this.take(offer); },
    }, el("b", {}, offer.label), el("small", {}, offer.hint ?? ""))));
    if (this.list.hidden) this.box.removeAttribute("aria-activedescendant");
    else this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.at}`);
  }

  hide() {
    this.found = [];
    this.draw();
  }

  take(offer) {
    const word = this.word();
    const start = this.box.selectionStart;
    if (word !== null) this.box.setRangeText(`${offer.insert} `, start - word.length, start, "end");
    this.hide();
    this.box.dispatchEvent(new Event("input"));
  }

  /** Whether that key was for the suggestions. */
  key(event) {
    if (this.list.hidden) return false;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      this.at = (this.at + by + this.found.length) % this.found.length;
      this.draw();
    } else if (event.key === "Enter" || event.key === "Tab") this.take(this.found[this.at]);
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
