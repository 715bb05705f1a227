// Modals (the topmost of the stack) and the app's home.

import { h, iconButton } from "./dom.js";
import { act } from "./api.js";
import { blocks, text } from "./blocks.js";
import { names } from "./names.js";

const filled = new Map(); // what was filled in, by view id
let box = null;
let shown = null;

export function showViews(views) {
  const view = views.at(-1);
  for (const id of filled.keys()) if (!views.some((each) => each.id === id) && !id.startsWith("VH")) filled.delete(id);
  if (!view) {
    const closing = box;
    box = shown = null;
    closing?.close();
    return;
  }
  if (!box) {
    const opened = h("dialog", { class: "modal", "aria-labelledby": "modal-title", oncancel: (event) => { event.preventDefault(); dismiss(); },
      onclose: () => { opened.remove(); if (box === opened) { box = null; dismiss(); } } });
    box = opened;
    document.getElementById("layer").append(box);
    draw(view, views.length);
    box.showModal();
    box.querySelector(".modal-body :is(input, textarea, select, button)")?.focus();
  } else if (shown?.view.hash !== view.hash || shown.view.id !== view.id) draw(view, views.length);
}

function draw(view, depth, faults = {}, busy = null, problem = "") {
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.action : null;
  shown = { view, depth };
  const use = usage(view, (next) => box && shown.view.id === view.id && draw(view, depth, next.faults, next.busy, next.problem));
  use.faults = faults;
  use.busy = busy;
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(view, depth); } },
    h("header", {}, h("h2", { id: "modal-title" }, text(view.title)), iconButton("close", "Close", dismiss)),
    h("div", { class: "modal-body blocks" }, blocks(view.blocks, use), problem && h("div", { class: "fault", role: "alert" }, problem)),
    h("footer", {},
      h("button", { type: "button", class: "button", onclick: dismiss }, view.close ? text(view.close) : depth > 1 ? "Back" : view.submit ? "Cancel" : "Close"),
      view.submit && h("button", { type: "submit", class: `button button-primary${busy === "submit" ? " is-busy" : ""}`, disabled: Boolean(busy), "data-submit": true }, h("span", {}, text(view.submit)))));
  box.replaceChildren(form);
  if (focused) box.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
  if (Object.keys(faults).length) box.querySelector('[aria-invalid="true"]')?.focus();
}

function usage(view, redraw) {
  if (!filled.has(view.id)) filled.set(view.id, {});
  const values = filled.get(view.id);
  return {
    values,
    keep: (block, action, value) => ((values[block] ??= {})[action] = value),
    act: async (block, action, value) => {
      redraw({ busy: `${block} ${action}` });
      try {
        await act({ user: names.me(), act: "use", view: view.id, block, action, value, values });
        redraw({});
      } catch (error) {
        redraw({ problem: error.message });
      }
    },
  };
}

async function submit(view, depth) {
  draw(view, depth, {}, "submit");
  try {
    await act({ user: names.me(), act: "submit", view: view.id, values: filled.get(view.id) ?? {} });
    if (box && shown.view.id === view.id && shown.view.hash === view.hash) draw(view, depth);
  } catch (error) {
    if (box && shown.view.id === view.id) draw(view, depth, error.faults, null, Object.keys(error.faults).length ? "" : error.message);
  }
}

async function dismiss() {
  if (!shown) return;
  const { view } = shown;
  await act({ user: names.me(), act: "close", view: view.id }).catch(() => showViews([]));
}

export function home(view, app, redraw) {
  if (!view) return h("div", { class: "empty" }, h("h2", {}, app.name), h("p", {}, "This app has no home yet."));
  const use = usage(view, (next) => redraw(next));
  return h("div", { class: "home blocks" }, blocks(view.blocks, use));
}
