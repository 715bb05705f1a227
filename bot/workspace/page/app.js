// The page: state, routes, live changes, and the three panes.

import { act, get, listen } from "./api.js";
import { composer } from "./composer.js";
import { h, icon, iconButton, replace } from "./dom.js";
import { messages, patch } from "./message.js";
import { home, showViews } from "./modal.js";
import { names } from "./names.js";
import { Rooms } from "./rooms.js";
import { sidebar } from "./sidebar.js";
import { see } from "./threads.js";

const panes = { sidebar: document.getElementById("sidebar"), main: document.getElementById("main"), thread: document.getElementById("thread") };
let state = null;
let rooms = null;
let since = null;
let online = true;
let stop = () => {};
let main = null; // {room, list, scroller, pill}
let thread = null; // {room, ts, list, scroller}
let drawing = null;
let drawn = ""; // what the sidebar shows
let read = null; // the latest message that was seen and not yet marked

// --- routes: #/CHANNEL and #/CHANNEL/TS; permalinks are /archives/CHANNEL/pTS -----------------------------

function route() {
  const [, room, ts] = location.hash.split("/");
  const known = state.channels.some((each) => each.id === room) || room === "home";
  return known ? { room, ts } : { room: state.channels.find((each) => !each.is_im)?.id ?? "home" };
}

function adoptAddress() {
  const link = /^\/archives\/(\w+)\/p(\d{10})(\d{6})$/.exec(location.pathname);
  const query = new URLSearchParams(location.search);
  if (query.get("as")) sessionStorage.setItem("user", query.get("as"));
  const hash = link ? `#/${link[1]}/${query.get("thread_ts") ?? `${link[2]}.${link[3]}`}` : location.hash;
  if (link || location.search) history.replaceState(null, "", `/${hash}`);
}

// --- loading and live changes -----------------------------------------------------------------------------

async function begin(user) {
  stop();
  const wanted = user ?? sessionStorage.getItem("user") ?? "";
  try {
    state = await get("state", { user: wanted });
  } catch (error) {
    if (error.code !== "user_not_found") throw error;
    state = await get("state", { user: "" });
  }
  sessionStorage.setItem("user", state.me);
  since ??= state.now;
  rooms = new Rooms(since);
  names.learn(state);
  main = thread = null;
  stop = listen(state.me, changed, reconnected);
  await show();
  showViews(state.views);
}

async function reconnected(up) {
  const first = online && up;
  online = up;
  if (up && !first) {
    state = await get("state", { user: state.me });
    names.learn(state);
    const { room, ts } = route();
    if (room !== "home") await rooms.load(state.me, room);
    if (ts) await rooms.loadThread(state.me, room, ts);
    showViews(state.views);
    drawMain();
    drawThread();
  }
  drawSidebar();
}

function changed(event) {
  if (event.type === "views") return showViews(event.views);
  if (event.type === "app") state.connected = event.connected;
  if (event.type === "home") {
    state.home = event.view;
    if (route().room === "home") drawHome();
  }
  if (event.channel) {
    rooms.take(event);
    const sent = event.type === "message" && event.message;
    if (sent && sent.thread_ts && sent.user === state.me) see(event.channel, sent.thread_ts, sent.ts);
    const { room } = route();
    const seen = room === event.channel && document.visibilityState === "visible";
    const shown = !event.message?.thread_ts || event.message.thread_ts === event.message.ts || event.message.subtype === "thread_broadcast";
    if (event.type === "message" && shown && event.message.user !== state.me) {
      if (seen) read = event;
      else state.channels.find((each) => each.id === event.channel).unread += 1;
    }
  }
  drawSoon();
}

// A burst of changes is drawn once.
function drawSoon() {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = null;
    if (read) markRead(read.channel, read.message.ts);
    read = null;
    redrawAll();
    drawSidebar();
  });
}

function markRead(channel, ts) {
  state.channels.find((each) => each.id === channel).unread = 0;
  if (ts) act({ user: state.me, act: "read", channel, ts }).catch(() => {});
}

// --- panes ------------------------------------------------------------------------------------------------

async function show() {
  const { room, ts } = route();
  if (room === "home") {
    main = null;
    closeThread();
    drawSidebar();
    drawHome();
    act({ user: state.me, act: "home" }).catch(() => {});
    return;
  }
  try {
    if (!rooms.room(room).loaded) await rooms.load(state.me, room);
    if (ts) await rooms.loadThread(state.me, room, ts);
  } catch (error) {
    rooms.tell(room, error.message);
  }
  const latest = rooms.inChannel(room).filter((each) => !each.local).at(-1);
  markRead(room, latest?.ts);
  drawSidebar();
  if (main?.room !== room) openMain(room);
  else drawMain();
  if (!ts) closeThread();
  else if (thread?.room !== room || thread.ts !== ts) openThread(room, ts);
  else drawThread();
}

function drawSidebar() {
  const unread = state.channels.reduce((sum, each) => sum + each.unread, 0);
  const channel = state.channels.find((each) => each.id === route().room);
  const title = channel ? (channel.is_im ? state.app.name : `#${channel.name}`) : `${state.app.name} home`;
  document.title = `${unread ? `(${unread}) ` : ""}${title} – ${state.team.name}`;
  const shows = JSON.stringify([state.channels, state.connected, online, route().room, state.me]);
  if (shows === drawn) return;
  drawn = shows;
  const focused = panes.sidebar.contains(document.activeElement) ? document.activeElement.value || document.activeElement.getAttribute("href") : null;
  replace(panes.sidebar, ...sidebar(state, route(), online, {
    become: (user) => { document.body.classList.remove("menu-open"); begin(user); }, theme: switchTheme, leave: () => document.body.classList.remove("menu-open"),
  }));
  if (focused) panes.sidebar.querySelector(`[value="${CSS.escape(focused)}"], [href="${CSS.escape(focused)}"]`)?.focus();
}

function head(title, detail, ...more) {
  return h("header", { class: "pane-head" },
    iconButton("menu", "Menu", () => document.body.classList.add("menu-open"), { class: "icon-button only-narrow" }),
    h("div", { class: "pane-title" }, title, detail && h("span", { class: "hint" }, detail)), more);
}

function openMain(room) {
  const channel = state.channels.find((each) => each.id === room);
  const name = channel.is_im ? state.app.name : channel.name;
  const list = h("div", { class: "list", role: "log", "aria-label": `Messages in ${name}`, id: "conversation", tabindex: "-1" });
  const older = h("button", { type: "button", class: "button older", hidden: true, onclick: loadOlder }, "Load older messages");
  const intro = h("div", { class: "intro" }, h("h2", {}, channel.is_im ? name : `#${name}`),
    h("p", {}, channel.is_im ? `This is between you and ${name}.` : channel.topic.value || "This is the beginning of the channel."));
  const pill = h("button", { type: "button", class: "pill", hidden: true, onclick: () => toEnd(main) }, "New messages ↓");
  const scroller = h("div", { class: "scroller", onscroll: () => { if (atEnd(scroller)) pill.hidden = true; } }, h("div", { class: "filler" }), intro, older, list);
  const input = composer({ key: `${state.me} ${room}`, placeholder: channel.is_im ? `Message ${name}` : `Message #${name}`, commands: state.commands, onsend: (text) => send(room, text) });
  main = { room, list, scroller, pill, older, intro };
  replace(panes.main, head(h("h2", {}, channel.is_im ? null : icon("hash"), name), channel.is_im ? "" : channel.topic.value,
    !channel.is_im && h("span", { class: "hint members" }, `${channel.num_members} members`)), h("div", { class: "stack" }, scroller, pill), input.form);
  drawMain();
  toEnd(main);
  if (matchMedia("(min-width: 800px)").matches) input.focus();
}

function drawMain() {
  if (!main) return;
  const stay = atEnd(main.scroller);
  const before = main.list.lastElementChild?.dataset.key;
  const room = rooms.room(main.room);
  main.older.hidden = !room.more;
  main.intro.hidden = room.more;
  patch(main.list, messages(rooms.inChannel(main.room), { kind: "channel", days: true, channel: main.room, open: route().ts, redraw: redrawAll, complain: complain(main.room), dismiss }));
  if (stay) toEnd(main);
  else if (before && before !== main.list.lastElementChild?.dataset.key) main.pill.hidden = false;
}

async function loadOlder() {
  const oldest = rooms.inChannel(main.room).find((each) => !each.is_ephemeral);
  const height = main.scroller.scrollHeight;
  await rooms.load(state.me, main.room, oldest.ts);
  drawMain();
  main.scroller.scrollTop += main.scroller.scrollHeight - height;
}

function openThread(room, ts) {
  const channel = state.channels.find((each) => each.id === room);
  const list = h("div", { class: "list", role: "log", "aria-label": "Thread" });
  const scroller = h("div", { class: "scroller" }, list);
  const input = composer({ key: `${state.me} ${room} ${ts}`, placeholder: "Reply…", commands: [], onsend: (text) => send(room, text, ts) });
  thread = { room, ts, list, scroller };
  replace(panes.thread, h("header", { class: "pane-head" }, h("div", { class: "pane-title" }, h("h2", {}, "Thread"), h("span", { class: "hint" }, channel.is_im ? "" : `#${channel.name}`)),
    iconButton("close", "Close thread", () => (location.hash = `#/${room}`))), h("div", { class: "stack" }, scroller), input.form);
  panes.thread.hidden = false;
  document.body.classList.add("thread-open");
  drawThread();
  toEnd(thread);
}

function closeThread() {
  thread = null;
  panes.thread.hidden = true;
  panes.thread.replaceChildren();
  document.body.classList.remove("thread-open");
}

function drawThread() {
  if (!thread) return;
  const stay = atEnd(thread.scroller);
  const list = rooms.inThread(thread.room, thread.ts);
  const count = list.length - 1;
  const seen = list.filter((each) => !each.is_ephemeral).at(-1);
  if (seen && document.visibilityState === "visible") {
    see(thread.room, thread.ts, seen.ts);
  }
  drawMain();
  patch(thread.list, messages(list, { kind: "thread", channel: thread.room, redraw: redrawAll, complain: complain(thread.room, thread.ts), dismiss,
    divideAfter: count > 0 ? thread.ts : "", replies: count === 1 ? "1 reply" : `${count} replies` }));
  if (stay) toEnd(thread);
}

function dismiss(ts) {
  rooms.dismiss(route().room, ts);
  redrawAll();
}

function redrawAll() {
  if (thread) drawThread(); // and the channel, whose marks depend on it
  else drawMain();
}

function drawHome(next = {}) {
  replace(panes.main, head(h("h2", {}, icon("home"), `${state.app.name} home`)),
    h("div", { class: "stack" }, h("div", { class: "scroller" }, home(state.home, state.app, drawHome), next.problem && h("div", { class: "fault", role: "alert" }, next.problem))));
}

const atEnd = (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;

function toEnd(pane) {
  pane.scroller.scrollTop = pane.scroller.scrollHeight;
  for (const picture of pane.list.querySelectorAll("img")) {
    if (!picture.complete) picture.addEventListener("load", () => (pane.scroller.scrollTop = pane.scroller.scrollHeight), { once: true });
  }
}

// --- acts -------------------------------------------------------------------------------------------------

async function send(room, text, ts) {
  try {
    await act({ user: state.me, act: "say", channel: room, text, thread: ts });
    return true;
  } catch (error) {
    complain(room, ts)(error);
    return !["unreachable", "unreadable"].includes(error.code);
  }
}

function complain(room, ts) {
  return (error) => {
    const text = error.message.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
    rooms.tell(room, text, ts);
    redrawAll();
    if (main?.room === room && !ts) toEnd(main);
  };
}

function switchTheme() {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", document.documentElement.dataset.theme);
}

function keys(event) {
  if (event.key === "Escape" && thread && !document.querySelector("dialog[open]")) location.hash = `#/${thread.room}`;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.altKey && step) {
    const ids = [...panes.sidebar.querySelectorAll(".room")].map((each) => each.getAttribute("href"));
    location.hash = ids.at((ids.indexOf(`#/${route().room}`) + step) % ids.length);
    event.preventDefault();
  }
}

if (localStorage.getItem("theme")) document.documentElement.dataset.theme = localStorage.getItem("theme");
adoptAddress();
addEventListener("hashchange", show);
addEventListener("keydown", keys);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && main) show(); });
begin().catch((error) => replace(panes.main, h("div", { class: "empty" }, h("h2", {}, "The workspace can’t be shown"), h("p", {}, error.message))));
