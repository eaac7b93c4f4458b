// Where one writes: Enter sends, Shift+Enter begins a line; files by button, paste or drop; @ and / are completed.

import { Completion } from "./complete.js";
import { el, keepFocus, toast } from "./dom.js";
import { openMenu } from "./menu.js";
import { act, state, upload } from "./server.js";

const TALLEST = 240; // pixels

export class Composer {
  /** `where()` gives {channel, thread, name}; `onSent(answer, said)` is told, `onUp` when there is nothing to go up in. */
  constructor(container, { where, area, onSent = () => {}, onUp = () => {} }) {
    Object.assign(this, { where, onSent, onUp, files: [], drafts: new Map(), key: null });
    this.box = el("textarea", { rows: 1, className: "box", oninput: () => this.grow(), onkeydown: (event) => this.keys(event), onpaste: (event) => this.paste(event) });
    this.completion = new Completion(this.box, (word) => this.offers(word));
    this.chips = el("div", { className: "chips" });
    this.input = el("input", { type: "file", multiple: true, hidden: true, onchange: () => { this.add(this.input.files); this.input.value = ""; } });
    const attach = el("button", { type: "button", className: "round", "aria-label": "Attach a file", "aria-haspopup": "menu", title: "Attach a file", onclick: () => openMenu(attach, this.sources(), "Attach a file") }, "+");
    const at = el("button", { type: "button", className: "round", "aria-label": "Mention somebody", title: "Mention somebody", onclick: () => this.type("@") }, "@");
    this.button = el("button", { type: "button", className: "send", "aria-label": "Send", title: "Send (Enter)", onclick: () => this.send() }, el("span", { className: "glyph send-glyph", "aria-hidden": "true" }));
    const row = el("div", { className: "row" }, attach, at, el("span", { className: "grow" }), this.button);
    container.append(el("div", { className: "composer" }, this.completion.list, this.chips, this.box, row, this.input));
    this.drops(area);
  }

  /** The place has changed: what was typed elsewhere stays there. */
  move(key, label) {
    this.box.placeholder = label;
    this.box.setAttribute("aria-label", label);
    if (key === this.key) return;
    if (this.key !== null) this.drafts.set(this.key, { text: this.box.value, files: this.files });
    const draft = this.drafts.get(key) ?? { text: "", files: [] };
    this.key = key;
    this.files = draft.files;
    this.box.value = draft.text;
    this.completion.hide();
    this.drawChips();
    this.grow();
  }

  /** Let that stand in the box, ready to be sent. */
  prefill(text) {
    this.box.value = text;
    this.grow();
    this.box.focus();
  }

  type(text) {
    this.box.focus();
    const start = this.box.selectionStart;
    const blank = start > 0 && !/\s/.test(this.box.value[start - 1]) ? " " : "";
    this.box.setRangeText(blank + text, start, this.box.selectionEnd, "end");
    this.box.dispatchEvent(new Event("input"));
  }

  grow() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(TALLEST, this.box.scrollHeight)}px`;
    this.button.classList.toggle("ready", Boolean(this.box.value.trim() || this.files.length));
  }

  keys(event) {
    if (event.isComposing || this.completion.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.box.value) {
      event.preventDefault();
      this.onUp();
    }
  }

  async send() {
    const text = this.box.value;
    const { channel, thread } = this.where();
    if (this.files.some((file) => !file.id)) return toast("A file is still being uploaded.");
    if (!text.trim() && !this.files.length) return;
    const files = this.files;
    this.box.value = "";
    this.files = [];
    this.drawChips();
    this.grow();
    const answer = text.startsWith("/") && !files.length
      ? await this.command(text, channel, thread)
      : await act("post", { channel, thread, text, files: files.map((file) => file.id) });
    if (answer === null) {
      this.files = files;
      this.drawChips();
      this.prefill(text);
    } else this.onSent(answer, { text, files, channel, thread });
  }

  async command(text, channel, thread) {
    if (thread) {
      toast("Slash commands do not work in threads.", { bad: true });
      return null;
    }
    const [name, ...rest] = text.trim().split(/\s+/);
    return await act("command", { channel, name, text: rest.join(" ") });
  }

  offers(word) {
    const wanted = word.slice(1).toLowerCase();
    if (word[0] === "/") {
      const known = this.where().thread || state.parts.place?.guest ? [] : state.hello.commands;
      return known.filter(({ name }) => name.startsWith(word)).map(({ name, hint, says }) => ({ insert: name, label: name, hint: `${hint} ${says}`.trim() }));
    }
    const members = state.parts.place?.members ?? [];
    const ordered = [...members].sort((one, other) => Number(other.bot) - Number(one.bot));
    return ordered.filter(({ name, full }) => name.toLowerCase().startsWith(wanted) || full.toLowerCase().startsWith(wanted))
      .map(({ name, full, bot }) => ({ insert: `@${name}`, label: name, hint: bot ? "App" : full }));
  }

  // -- files

  sources() {
    const samples = state.hello.samples.map((name) => ({ label: name, hint: "sample", run: () => this.sample(name) }));
    return [{ label: "Upload from this computer", run: () => this.input.click() }, null, ...samples];
  }

  async sample(name) {
    const file = { name, id: null };
    this.hold(file, await act("sample", { name }));
  }

  add(chosen) {
    for (const each of chosen) {
      const file = { name: each.name || "file", id: null };
      this.files.push(file);
      this.drawChips();
      upload(each).then((answer) => this.hold(file, answer));
    }
  }

  hold(file, answer) {
    const others = this.files.filter((one) => one !== file);
    this.files = answer === null ? others : [...others, Object.assign(file, { id: answer.file })];
    this.drawChips();
    this.grow();
    this.box.focus();
  }

  drawChips() {
    keepFocus(this.chips, () => this.chips.replaceChildren(...this.files.map((file) => el("span", { className: file.id ? "file" : "file busy" },
      el("span", { dir: "auto" }, file.name),
      el("button", { type: "button", className: "plain", "aria-label": `Remove ${file.name}`, onclick: () => { this.files = this.files.filter((one) => one !== file); this.drawChips(); this.grow(); } }, "×")))), () => this.box);
  }

  paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      this.add(files);
    }
  }

  drops(area) {
    let depth = 0;
    const over = (by) => { depth += by; area.classList.toggle("dropping", depth > 0); };
    area.addEventListener("dragenter", (event) => { if (event.dataTransfer.types.includes("Files")) { event.preventDefault(); over(1); } });
    area.addEventListener("dragleave", () => { if (depth) over(-1); });
    area.addEventListener("dragover", (event) => { if (depth) event.preventDefault(); });
    area.addEventListener("drop", (event) => {
      depth = 0;
      over(0);
      if (event.dataTransfer.files.length) { event.preventDefault(); this.add(event.dataTransfer.files); }
    });
  }
}
