// The page: sidebar, channel, thread, and who one is. What is seen comes from the server, part by part.

import { Composer } from "./composer.js";
import { $, el, face, keepFocus, toast } from "./dom.js";
import { done, showHints } from "./hints.js";
import { setUp as setUpInspector, toggle as toggleInspector } from "./inspector.js";
import { openMenu } from "./menu.js";
import { List } from "./messages.js";
import { showModal } from "./modal.js";
import { act, become, connect, look, onChange, state, tabOf } from "./server.js";
import { setUp as setUpTheme } from "./theme.js";
import "./trail.js";
import "./rows.js";
import "./budget.js";
import "./trouble.js";

const GROUPS = [["Channels", ["channel", "private"]], ["Direct messages", ["mpim", "im"]]];
const channel = () => state.look.channel;
let tab = "messages"; // of the DM with the bot
let counted = {};
let arrived = false;
let wantsReply = null; // the thread in which one writes on as soon as it is shown

const messages = new List($("messages"), { channel, open: openThread });
const replies = new List($("replies"), { channel });
const composer = new Composer($("composer"), { area: document.querySelector("main"), where: () => ({ channel: channel(), thread: null }), onSent: sent, onUp: () => messages.editLast() });
const reply = new Composer($("reply"), { area: $("thread"), where: () => ({ channel: channel(), thread: state.look.thread }), onSent: sent, onUp: () => replies.editLast() });

// -- where one is

function go(id) {
  tab = "messages";
  if (id !== channel()) look(id, null);
  closeDrawer();
  const there = state.parts.sidebar?.channels.find((one) => one.id === id);
  if (there?.kind === "im") act("open_dm");
  composer.box.focus();
}

function openThread(ts) {
  wantsReply = ts;
  if (state.parts.thread?.id === ts) reply.box.focus();
  look(channel(), ts);
}

/** As in Slack one can write as soon as the page is there. */
function writeAtOnce() {
  if (arrived) return;
  arrived = true;
  if (document.activeElement === document.body && !state.parts.modal?.id) composer.box.focus();
}

function closeThread() {
  look(channel(), null);
  composer.box.focus();
}

function sent(answer, { text, files, thread }) {
  const { kind, members = [] } = state.parts.place ?? {};
  const bot = members.find((one) => one.bot)?.name ?? "";
  const mentioned = text.toLowerCase().includes(`@${bot.toLowerCase()}`);
  if (files.length) done("file");
  if (kind === "im") done("dm");
  else if (mentioned && !thread) done("mention");
  if (thread && !mentioned) done("follow");
  messages.wasAtEnd = true;
  if (answer.ts && !thread && (mentioned || kind === "im")) {
    look(channel(), answer.ts);
    wantsReply = answer.ts;
  }
}

// -- the sidebar

function drawSidebar({ channels }) {
  const groups = GROUPS.map(([title, kinds]) => {
    const those = channels.filter(({ kind }) => kinds.includes(kind));
    return those.length ? el("section", { "aria-label": title }, el("h2", {}, title), el("ul", {}, ...those.map((one) => el("li", {}, entry(one))))) : null;
  });
  const focused = document.activeElement?.dataset?.place;
  $("places").replaceChildren(...groups.filter(Boolean));
  if (focused) document.querySelector(`[data-place="${focused}"]`)?.focus();
  announce(channels);
}

function entry({ id, name, kind, shared, unread, count, working }) {
  const here = id === state.parts.place?.id || id === channel();
  const sign = kind === "im" ? el("span", { className: "face s-app", "aria-hidden": "true" }, name.slice(0, 1)) : el("span", { className: `glyph ${kind === "private" ? "lock" : "hash"}-glyph`, "aria-hidden": "true" });
  const aloud = [kind === "private" ? "private" : "", shared ? "shared with another company" : "", unread ? "unread" : ""].filter(Boolean).join(", ");
  const button = el("button", { type: "button", className: `place${here ? " here" : ""}${unread ? " unread" : ""}`, onclick: () => go(id) },
    sign, el("span", { className: "place-name" }, name),
    shared ? el("span", { className: "glyph shared-glyph", title: "Shared with another company", "aria-hidden": "true" }) : null,
    aloud ? el("span", { className: "aloud" }, aloud) : null,
    working ? el("span", { className: "working", title: "Threadmate is working here" }) : null,
    count ? el("span", { className: "badge" }, String(count)) : null);
  button.dataset.place = id;
  if (here) button.setAttribute("aria-current", "page");
  return button;
}

/** An answer has ended where one does not look: a mark in the title, a sentence. */
function announce(channels) {
  const total = channels.reduce((sum, one) => sum + one.count, 0);
  document.title = `${total ? `(${total}) ` : ""}Threadmate playground`;
  for (const { id, name, kind, count } of channels) {
    if (count > (counted[id] ?? 0) && counted.known) {
      const where = kind === "im" ? "your direct messages" : `a thread in #${name}`;
      toast(`Something new in ${where}.`, { go: () => go(id) });
    }
    counted[id] = count;
  }
  counted.known = true;
}

// -- the channel

function drawPlace(place) {
  const isDm = place.kind === "im";
  $("place-name").replaceChildren(isDm ? place.name : el("span", { className: `glyph ${place.kind === "private" ? "lock" : "hash"}-glyph`, "aria-hidden": "true" }), isDm ? "" : place.name);
  const people = place.members.filter((one) => !one.bot).length;
  $("place-note").textContent = isDm ? "App" : place.company ? `Shared with ${place.company}` : `${people} people and Threadmate`;
  if (place.guest) $("place-note").textContent = "You are a guest here: Threadmate answers its own company only, unless ALLOW_EXTERNAL=true";
  composer.move(`${state.me} ${place.id}`, isDm ? `Message ${place.name}` : `Message #${place.name}`);
  drawTabs(isDm);
  drawAbout(place);
  if (state.parts.messages) drawStart(state.parts.messages);
}

function drawTabs(isDm) {
  const names = [["messages", "Messages"], ["about", "About"]];
  $("place-tabs").hidden = !isDm;
  keepFocus($("place-tabs"), () => $("place-tabs").replaceChildren(...names.map(([id, title]) => el("button", {
    type: "button", role: "tab", "aria-selected": String(tab === id), "aria-controls": id, onclick: () => { tab = id; drawPlace(state.parts.place); },
  }, title))), () => composer.box);
  const about = isDm && tab === "about";
  $("messages").hidden = $("composer").hidden = about;
  $("about").hidden = !about;
}

function drawAbout(place) {
  const { bot } = state.hello;
  const chips = prompts(place).map(({ title, message }) => el("button", { type: "button", className: "s-button", onclick: () => { tab = "messages"; drawPlace(place); composer.prefill(message); } }, title));
  keepFocus($("about"), () => $("about").replaceChildren(el("h3", {}, bot.name), el("p", {}, bot.about), el("div", { className: "row" }, ...chips)));
}

const prompts = (place) => (place.prompts.length ? place.prompts : state.hello.prompts);

function drawMessages(part) {
  messages.show(part);
  keepFocus($("messages"), () => drawStart(part), () => composer.box);
}

function drawStart(part) {
  const place = state.parts.place;
  $("messages").querySelector(":scope > .start")?.remove();
  if (place?.kind !== "im" || part.order.length) return;
  const chips = prompts(place).map(({ title, message }) => el("button", { type: "button", className: "s-button", onclick: () => composer.prefill(message) }, title));
  $("messages").append(el("div", { className: "start" }, el("p", {}, `This is the beginning of your messages with ${place.name}.`), el("div", { className: "row" }, ...chips)));
}

// -- the thread

function drawThread(part) {
  const open = Boolean(part.id);
  $("thread").hidden = !open;
  document.body.classList.toggle("in-thread", open);
  if (!open) return replies.empty(null);
  const place = state.parts.place;
  $("thread-note").textContent = place.kind === "im" ? place.name : `#${place.name}`;
  reply.move(`${state.me} ${part.id}`, "Reply…");
  replies.show(part);
  if (wantsReply === part.id) {
    wantsReply = null;
    reply.box.focus();
  }
  drawStatus(part);
}

function drawStatus({ id, status }) {
  const line = $("status");
  const key = JSON.stringify([id, status]);
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  const had = line.contains(document.activeElement);
  line.replaceChildren();
  if (status) {
    const stop = el("button", { type: "button", className: "s-button s-small", onclick: () => { done("stop"); act("stop", { channel: channel(), thread: id }); } }, "Stop");
    line.append(el("span", { className: "dots", "aria-hidden": "true" }), el("span", { role: "status" }, `${state.hello.bot.name} ${status.text}`), ...(status.quiet ? [] : [stop]));
  }
  if (had) (line.querySelector("button") ?? reply.box).focus();
}

// -- who one is

function drawWho() {
  const mine = state.hello.people.find((one) => one.id === state.me);
  $("who").replaceChildren(el("span", { className: "wide" }, "You are "), el("b", {}, mine.name), " ▾");
  const { answers_from: from } = state.hello;
  $("model").replaceChildren(...(from ? [el("span", { className: "wide" }, "Answers from "), new URL(from).host] : ["Offline", el("span", { className: "wide" }, " model: a script, no AI")]));
  $("model").title = state.hello.answers_from || "Set OPENAI_API_KEY before you start the playground to talk with a real model.";
}

function chooseWho() {
  const those = state.hello.people.map(({ id, name, full, company, locale }) => ({
    label: `${full}${full === name ? "" : ` (${name})`}`, hint: company || (locale === "ko-KR" ? "한국어" : ""), checked: id === state.me, run: () => { counted = {}; become(id); },
  }));
  const others = state.hello.people.filter(({ id }) => id !== state.me).map(({ id, name }) => ({ label: `${name} in another tab ↗`, href: tabOf(id) }));
  openMenu($("who"), [...those, null, ...others], "Who you are");
}

function drawBanner() {
  const { state: bot } = state.parts.bot ?? {};
  const sentence = !state.connected ? "The playground does not answer. Trying again…" : { starting: "Threadmate is starting…", ended: "Threadmate is not running." }[bot];
  $("banner").hidden = !sentence;
  const start = bot === "ended" && state.connected ? el("button", { type: "button", className: "s-button s-small", onclick: () => act("start_bot") }, "Start it") : null;
  const log = start && $("inspector").hidden ? el("button", { type: "button", className: "link", onclick: toggleInspector }, "What does its log say?") : null;
  keepFocus($("banner"), () => $("banner").replaceChildren(...[sentence ?? "", start, log].filter(Boolean)), () => composer.box);
}

function tryHint(name) {
  const { channels } = state.parts.sidebar;
  const general = channels.find((one) => one.kind === "channel") ?? channels[0];
  const dm = channels.find((one) => one.kind === "im");
  const at = `@${state.hello.bot.name} `;
  const first = { mention: [general, `${at}what is 12 * 37?`], dm: [dm, "Hello! What can you do?"], stop: [general, `${at}write 900 words`], file: [dm ?? general, "How long is parental leave?"] }[name];
  if (first?.[0]) {
    go(first[0].id);
    setTimeout(() => composer.prefill(first[1]), 150); // when the channel is there
  } else if (name === "follow") reply.box.focus();
  else document.querySelector(".s-container > summary")?.focus();
}

// -- the drawer of narrow screens

function closeDrawer() {
  document.body.classList.remove("drawer");
  $("drawer").setAttribute("aria-expanded", "false");
}

$("drawer").addEventListener("click", () => {
  const open = document.body.classList.toggle("drawer");
  $("drawer").setAttribute("aria-expanded", String(open));
});
$("thread-close").addEventListener("click", closeThread);
$("who").addEventListener("click", chooseWho);
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".s-container[open]")) done("unfold");
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector(".veil, .menu")) return;
  if (document.body.classList.contains("drawer")) closeDrawer();
  else if (!$("thread").hidden) closeThread();
});

const draws = { place: drawPlace, sidebar: drawSidebar, messages: drawMessages, thread: drawThread, modal: showModal };

onChange((names) => {
  if (names.includes("hello")) {
    drawWho();
    showHints(tryHint);
  }
  for (const [name, draw] of Object.entries(draws)) if (names.includes(name)) draw(state.parts[name]);
  if (names.includes("place") && state.parts.sidebar) drawSidebar(state.parts.sidebar);
  if (names.includes("place")) writeAtOnce();
  if (names.includes("bot") || names.includes("connected")) drawBanner();
});

setUpTheme();
setUpInspector();
connect();
