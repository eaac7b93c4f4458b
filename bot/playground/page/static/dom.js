// Elements, made by hand: nothing here ever turns text into markup.

/** An element with properties, attributes (names with a dash, and role), listeners (on…) and children. */
export function el(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = (id) => document.getElementById(id);

/** A letter on a colour, as people's avatars are. */
export function face(person) {
  const look = person.bot ? "s-app" : `s-colour-${person.colour}`;
  return el("span", { className: `face ${look}`, title: person.name, "aria-hidden": "true" }, person.name.slice(0, 1).toUpperCase());
}

/** A sentence that goes away by itself, read aloud. */
export function toast(sentence, { bad = false, go = null } = {}) {
  const note = el("div", { className: bad ? "toast bad" : "toast" }, sentence);
  if (go) note.append(el("button", { type: "button", className: "plain", onclick: () => { note.remove(); go(); } }, "View"));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), bad ? 8000 : 5000);
}

/** The time of a ts, as this browser writes it. */
export function clock(ts) {
  return new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
}

/** The time of a moment to the second. */
export function second(at) {
  return new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
}

/** The day of a ts, as one says it while the clock is that many seconds ahead of this browser's. */
export function dayOf(ts, ahead) {
  const name = (date) => date.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
  const now = Date.now() + ahead * 1000;
  const day = name(new Date(Number(ts) * 1000));
  if (day === name(new Date(now))) return "Today";
  return day === name(new Date(now - 86_400_000)) ? "Yesterday" : day;
}

/** A stretch of time in words. */
export function stretch(seconds) {
  const parts = [[86_400, "d"], [3_600, "h"], [60, "min"]];
  const said = [];
  for (const [length, unit] of parts) {
    const count = Math.floor(seconds / length);
    seconds -= count * length;
    if (count) said.push(`${count} ${unit}`);
  }
  return said.join(" ") || `${Math.round(seconds)} s`;
}
