// A channel's or a thread's messages: drawn by the server, with what one can do with them around.

import { agreed } from "./confirm.js";
import { clock, dayOf, el, face, keepFocus, toast } from "./dom.js";
import { openMenu } from "./menu.js";
import { morph } from "./morph.js";
import { act, state } from "./server.js";
import { behind } from "./trail.js";

const NEAR = 80; // pixels from the end within which one stays there

export class List {
  /** `open(ts)` shows a thread; without it this is a thread. `channel()` says where. */
  constructor(container, { channel, open = null, onPress = () => {} }) {
    Object.assign(this, { container, channel, open, onPress });
    this.shown = new Map();
    this.id = null;
    container.addEventListener("click", (event) => this.click(event));
    container.addEventListener("change", (event) => this.pick(event));
    container.addEventListener("keydown", (event) => this.keys(event));
    new ResizeObserver(() => this.stick()).observe(container);
  }

  /** Show that part; the focus stays at its message, or at the one that takes its place. */
  show(part) {
    const item = document.activeElement?.closest(".item");
    const at = [...this.container.children].indexOf(item);
    keepFocus(at < 0 ? this.container : item, () => this.redraw(part), () => (item?.isConnected ? item : this.container.children[Math.min(at, this.container.children.length - 1)] ?? this.container));
  }

  redraw(part) {
    const fresh = part.id !== this.id;
    if (fresh) this.empty(part.id);
    const end = fresh || this.atEnd();
    for (const [key, one] of this.shown) {
      if (!part.order.includes(key)) { one.element.remove(); this.shown.delete(key); }
    }
    part.order.forEach((key, index) => this.put(key, part.items[key], index));
    this.separate(part.order);
    this.wasAtEnd = end;
    if (end) this.container.scrollTop = this.container.scrollHeight;
  }

  /** Say the day where it is another than before; in a channel at its beginning too. */
  separate(order) {
    let before = this.open ? "" : null;
    for (const key of order) {
      const one = this.shown.get(key);
      const day = dayOf(one.item.ts, state.parts.world?.ahead ?? 0);
      const said = before === null || day === before ? null : day;
      before = day;
      if (said === one.said) continue;
      one.day?.remove();
      one.said = said;
      one.day = said && el("div", { className: "day", role: "separator", "aria-label": said }, el("span", { "aria-hidden": "true" }, said));
      if (one.day) one.element.prepend(one.day);
    }
  }

  empty(id) {
    this.id = id;
    this.shown.clear();
    this.container.replaceChildren();
  }

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.container;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  stick() {
    if (this.wasAtEnd) this.container.scrollTop = this.container.scrollHeight;
  }

  put(key, item, index) {
    let one = this.shown.get(key);
    if (!one) {
      const drawn = el("div", { className: "drawn" });
      const element = el("div", { className: "item", tabIndex: -1 }, drawn);
      element.dataset.ts = item.ts;
      one = { element, drawn, item: null };
      this.shown.set(key, one);
    }
    if (one.item !== item && !one.editing) this.draw(one, item);
    one.item = item;
    const there = this.container.children[index];
    if (there !== one.element) this.container.insertBefore(one.element, there ?? null);
  }

  draw(one, item) {
    morph(one.drawn, item.html);
    one.bar?.remove();
    one.bar = item.replies && this.open ? this.replies(item) : null;
    if (one.bar) one.element.append(one.bar);
    const key = JSON.stringify([item.mine, item.gone, item.only]);
    if (one.tooled !== key) {
      one.tools?.remove();
      one.tools = this.tools(one, item);
      if (one.tools) one.element.append(one.tools);
      one.tooled = key;
    }
  }

  replies(item) {
    const { count, faces, latest, working, unread } = item.replies;
    const said = count ? `${count} ${count === 1 ? "reply" : "replies"}` : "Thread";
    return el("button", { type: "button", className: `replies${unread ? " unread" : ""}`, onclick: () => this.open(item.ts) },
      ...faces.map(face),
      el("b", {}, said),
      el("small", {}, working ? "Threadmate is working…" : latest ? `Last reply ${clock(latest)}` : ""),
      unread ? el("span", { className: "mark", title: "New" }, el("span", { className: "aloud" }, "new")) : null);
  }

  // -- what one can do with a message

  tools(one, item) {
    if (item.gone) return null;
    if (item.only) {
      const away = () => act("dismiss", { ts: item.ts });
      return el("div", { className: "dismiss" }, el("button", { type: "button", className: "link", onclick: away }, "Dismiss message"), " · ",
        el("button", { type: "button", className: "link", onclick: () => behind(this.channel(), item.ts) }, "Inspect"));
    }
    const where = { channel: this.channel(), ts: item.ts };
    const bar = el("div", { className: "tools", role: "toolbar", "aria-label": "Message actions" });
    for (const [emoji, name] of [["👍", "+1"], ["👀", "eyes"]]) {
      bar.append(el("button", { type: "button", title: `React with ${emoji}`, "aria-label": `React with ${name}`, onclick: () => act("react", { ...where, name }) }, emoji));
    }
    if (this.open) bar.append(el("button", { type: "button", title: "Reply in thread", "aria-label": "Reply in thread", onclick: () => this.open(item.ts) }, el("span", { className: "glyph reply-glyph", "aria-hidden": "true" })));
    const more = el("button", { type: "button", title: "More actions", "aria-label": "More actions", "aria-haspopup": "menu", onclick: () => openMenu(more, this.entries(one, where), "More actions") }, "⋯");
    bar.append(more);
    return bar;
  }

  entries(one, where) {
    const guest = state.parts.place.guest; // Slack offers them to its own people only
    const shortcuts = (guest ? [] : state.hello.shortcuts).map(({ id, name }) => ({ label: name, hint: state.hello.bot.name, run: () => act("shortcut", { ...where, name: id }) }));
    const copy = { label: "Copy text", run: () => copyText(one.drawn.querySelector(".s-body")?.innerText ?? "") };
    const own = one.item.mine ? [null, { label: "Edit message", hint: "E", run: () => this.edit(one) }, { label: "Delete message", danger: true, run: () => act("delete", where) }] : [];
    const inspect = { label: "Inspect", hint: "what is behind it", run: () => behind(where.channel, where.ts) };
    return [...shortcuts, ...(shortcuts.length ? [null] : []), copy, inspect, ...own];
  }

  edit(one) {
    if (one.editing) return;
    const box = el("textarea", { className: "s-input", value: one.item.text, "aria-label": "Edit message" });
    const done = () => {
      one.editing = false;
      form.remove();
      one.drawn.hidden = false;
      this.draw(one, one.item);
      one.element.focus();
    };
    const save = async () => { if (await act("edit", { channel: this.channel(), ts: one.item.ts, text: box.value })) done(); };
    box.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") done();
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); save(); }
    });
    const form = el("div", { className: "editing" }, box, el("div", { className: "row" },
      el("button", { type: "button", className: "s-button s-small", onclick: done }, "Cancel"),
      el("button", { type: "button", className: "s-button s-small s-primary", onclick: save }, "Save")));
    one.editing = true;
    one.drawn.hidden = true;
    one.drawn.before(form);
    box.focus();
  }

  /** Edit the newest message of one's own, as the arrow up in an empty composer does. */
  editLast() {
    const mine = [...this.shown.values()].filter((one) => one.item.mine);
    if (mine.length) this.edit(mine.at(-1));
  }

  // -- what is pressed in a message

  click(event) {
    const file = event.target.closest("[data-file-id]");
    if (file) return download(file.dataset.fileId);
    const button = event.target.closest("button[data-action-id]");
    if (button) this.press(button, button.dataset.value ?? null);
  }

  pick(event) {
    const select = event.target.closest("select[data-action-id]");
    if (select?.value) this.press(select, select.value);
  }

  async press(control, value) {
    const item = this.itemOf(control);
    if (!item || control.disabled || !(await agreed(control))) return;
    this.onPress(control.dataset.actionId);
    control.setAttribute("aria-busy", "true");
    await act("press", { channel: this.channel(), ts: item.ts, action: control.dataset.actionId, value, only: Boolean(item.only) });
    control.removeAttribute("aria-busy");
  }

  itemOf(element) {
    const row = element.closest(".item");
    for (const one of this.shown.values()) if (one.element === row) return one.item;
    return null;
  }

  keys(event) {
    const rows = [...this.container.querySelectorAll(":scope > .item")];
    const at = rows.indexOf(document.activeElement);
    if (event.target !== this.container && at < 0) return;
    const one = [...this.shown.values()].find(({ element }) => element === document.activeElement);
    if (event.key === "ArrowUp") (rows[at < 0 ? rows.length - 1 : Math.max(0, at - 1)])?.focus();
    else if (event.key === "ArrowDown" && at >= 0) rows[Math.min(rows.length - 1, at + 1)].focus();
    else if (event.key === "e" && one?.item.mine) this.edit(one);
    else if (event.key === "Enter" && one && this.open && !one.item.only) this.open(one.item.ts);
    else return;
    event.preventDefault();
  }
}

async function copyText(text) {
  await navigator.clipboard.writeText(text);
  toast("Copied.");
}

function download(id) {
  el("a", { href: `/files/${encodeURIComponent(id)}`, download: "" }).click();
}
