// How the page talks with its server: acts and uploads by POST, everything that is seen by a websocket.

import { toast } from "./dom.js";

const RETRY = 1000; // milliseconds

/** What this tab is and sees. `hello` is told once, `parts` are kept up to date. */
export const state = { me: null, look: { channel: "", thread: null }, hello: null, parts: {}, connected: false, inspecting: false };

const listeners = [];
let socket = null;

/** Call that with the names of the parts that changed (and `log`, `hello`, `connected`). */
export function onChange(listener) {
  listeners.push(listener);
}

function tell(changed, message = {}) {
  for (const listener of listeners) listener(changed, message);
}

/** Do something as the person of this tab; what went wrong is told, and the answer is then null. */
export async function act(name, args = {}) {
  return await answered(() => fetch(`/act/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ me: state.me, ...args }),
  }));
}

/** Ask for what is only told on demand; null where there is none. */
export async function ask(path) {
  try {
    const answer = await fetch(path);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Upload a file, to be posted; answers with its id and name. */
export async function upload(file) {
  const query = new URLSearchParams({ me: state.me, name: file.name || "file" });
  return await answered(() => fetch(`/upload?${query}`, { method: "POST", body: file }));
}

async function answered(ask) {
  try {
    const answer = await ask();
    const said = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : { error: await answer.text() };
    if (answer.ok) return said;
    toast(said.error, { bad: true });
  } catch {
    toast("The playground does not answer. Has it been ended?", { bad: true });
  }
  return null;
}

/** Look at a channel, and at a thread in it; without arguments, tell again. */
export function look(channel = state.look.channel, thread = state.look.thread) {
  state.look = { channel, thread };
  const active = document.visibilityState === "visible";
  const { inspecting } = state;
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ look: { ...state.look, active, inspecting } }));
  remember();
}

function remember() {
  const where = new URLSearchParams({ as: state.me ?? "", in: state.look.channel });
  if (state.look.thread) where.set("thread", state.look.thread);
  history.replaceState(null, "", `#${where}`);
}

/** Connect as the person that the address names, and stay connected. */
export function connect() {
  const where = new URLSearchParams(location.hash.slice(1));
  state.me = where.get("as") || state.me;
  state.look = { channel: where.get("in") ?? "", thread: where.get("thread") };
  open();
}

function open() {
  const query = state.me ? `?me=${encodeURIComponent(state.me)}` : "";
  const mine = new WebSocket(`ws://${location.host}/live${query}`);
  socket = mine;
  mine.onopen = () => {
    state.connected = true;
    tell(["connected"]);
    if (state.look.channel) look();
  };
  mine.onmessage = (event) => hear(JSON.parse(event.data));
  mine.onclose = () => {
    if (socket !== mine) return;
    state.connected = false;
    tell(["connected"]);
    setTimeout(open, RETRY);
  };
}

function hear(message) {
  if (message.hello) {
    state.hello = message.hello;
    state.me ??= message.hello.people[0].id;
    state.parts = {};
    tell(["hello"]);
    return;
  }
  for (const [name, part] of Object.entries(message.parts ?? {})) state.parts[name] = merged(state.parts[name], part);
  if (!state.look.channel && state.parts.place) look(state.parts.place.id);
  tell([...Object.keys(message.parts ?? {}), ...["log", "trail"].filter((name) => message[name])], message);
}

/** Of lists only what changed is sent. */
function merged(known, part) {
  if (!part.order) return part;
  const kept = known?.id === part.id ? known.items : {};
  const items = {};
  for (const key of part.order) items[key] = part.items[key] ?? kept[key];
  return { ...part, items };
}

/** Be somebody else in this tab. */
export function become(person) {
  state.me = person;
  state.look = { channel: "", thread: null };
  state.parts = {};
  const old = socket;
  socket = null;
  old?.close();
  open();
  remember();
}

/** The address of a tab in which one is that person. */
export const tabOf = (person) => `/#${new URLSearchParams({ as: person })}`;

document.addEventListener("visibilitychange", () => look());
