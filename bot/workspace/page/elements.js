// Interactive elements. A value is a string, a list of strings, or null: the workspace makes Slack's objects of it.

import { h, icon } from "./dom.js";
import { confirm } from "./dialog.js";
import { text } from "./blocks.js";
import { names } from "./names.js";

const label = (object) => object?.text ?? "";

function current(element, block, use) {
  const given = use.values?.[block.block_id];
  if (given && element.action_id in given) return given[element.action_id];
  return initial(element);
}

function initial(element) {
  if (element.initial_options) return element.initial_options.map((option) => option.value);
  if (element.initial_option) return element.initial_option.value;
  if (element.initial_date_time) return String(element.initial_date_time);
  for (const name of ["value", "user", "users", "conversation", "channel", "date", "time"]) {
    if (element.type !== "button" && element[`initial_${name}`] !== undefined) return element[`initial_${name}`];
  }
  return null;
}

// Keep the value, and tell the app where Slack would: in messages, and in forms that ask for it.
async function choose(element, block, use, value) {
  use.keep(block.block_id, element.action_id, value);
  if (block.type === "input" && !block.dispatch_action) return;
  await fire(element, block, use, value);
}

async function fire(element, block, use, value) {
  if (element.confirm && !(await confirm(element.confirm))) return;
  await use.act(block.block_id, element.action_id, value);
}

export function element(each, block, use, field = {}) {
  return (DRAW[each.type] ?? unknown)(each, block, use, {
    id: field.id,
    "aria-invalid": field.invalid ? "true" : null,
    "aria-label": field.id ? null : label(each.placeholder) || each.type.replaceAll("_", " "),
    group: field.label,
    autofocus: each.focus_on_load,
  });
}

function unknown(each) {
  return h("span", { class: "fault" }, `This page can’t draw a ${each.type}.`);
}

function button(each, block, use) {
  const key = `${block.block_id} ${each.action_id}`;
  const busy = use.busy === key;
  const props = {
    class: `button${each.style ? ` button-${each.style}` : ""}${busy ? " is-busy" : ""}`,
    "aria-label": each.accessibility_label,
    "data-action": each.action_id,
  };
  if (each.url) {
    return h("a", { ...props, href: each.url, target: "_blank", rel: "noopener noreferrer nofollow", onclick: () => fire(each, block, use, null) }, text(each.text));
  }
  return h("button", { ...props, type: "button", disabled: Boolean(use.busy), "aria-busy": busy || null, onclick: () => fire(each, block, use, null) },
    h("span", {}, text(each.text)));
}

function options(each) {
  return each.option_groups ?? [{ options: each.options }];
}

function select(each, block, use, props, choices) {
  const { group: _group, ...own } = props;
  const value = current(each, block, use) ?? "";
  const control = h("select", { ...own, "data-action": each.action_id, disabled: Boolean(use.busy), onchange: () => choose(each, block, use, control.value || null) },
    h("option", { value: "", hidden: block.type !== "input" }, label(each.placeholder) || "Choose…"), choices);
  control.value = value;
  return h("span", { class: "select" }, control);
}

const option = (each) => h("option", { value: each.value }, label(each.text));

function staticSelect(each, block, use, props) {
  const choices = options(each).map((group) =>
    group.label ? h("optgroup", { label: label(group.label) }, group.options.map(option)) : group.options.map(option));
  return select(each, block, use, props, choices);
}

const userChoices = () => names.people().map((user) => h("option", { value: user.id }, `${user.real_name} (@${user.name})`));
const channelChoices = () => names.channels().map((channel) => h("option", { value: channel.id }, `#${channel.name}`));

function ticks(kind, many) {
  return (each, block, use, props) => {
    const value = current(each, block, use);
    const chosen = new Set(many ? value ?? [] : [value]);
    const list = many === "users" ? names.people().map((user) => ({ value: user.id, text: { type: "plain_text", text: user.real_name } })) : options(each).flatMap((group) => group.options);
    const name = `${block.block_id}-${each.action_id}-${Math.random()}`;
    const box = h("div", { class: "ticks", role: "group", "aria-label": props.group ?? label(each.placeholder) },
      list.map((one) => h("label", {},
        h("input", { type: kind, name, value: one.value, checked: chosen.has(one.value), onchange: changed }),
        h("span", {}, text(one.text), one.description && h("span", { class: "hint" }, text(one.description))))));
    function changed() {
      const ticked = [...box.querySelectorAll("input:checked")].map((input) => input.value);
      choose(each, block, use, many ? ticked : ticked[0] ?? null);
    }
    return box;
  };
}

function written(type) {
  return (each, block, use, props) => {
    const { group: _group, ...own } = props;
    const field = h(each.multiline ? "textarea" : "input", {
      ...own, type: each.multiline ? null : type, "data-action": each.action_id, placeholder: label(each.placeholder), rows: each.multiline ? 4 : null,
      minlength: each.min_length, maxlength: each.max_length, min: each.min_value, max: each.max_value, step: each.is_decimal_allowed ? "any" : null,
      value: current(each, block, use) ?? "",
      oninput: () => use.keep(block.block_id, each.action_id, field.value || null),
      onkeydown: (event) => {
        if (event.key === "Enter" && block.dispatch_action && !each.multiline) {
          event.preventDefault();
          choose(each, block, use, field.value || null);
        }
      },
    });
    return field;
  };
}

function picked(type) {
  return (each, block, use, props) => {
    const { group: _group, ...own } = props;
    const seconds = type === "datetime-local";
    const shown = current(each, block, use);
    const field = h("input", { ...own, type, "data-action": each.action_id, value: seconds && shown ? local(Number(shown)) : shown ?? "",
      onchange: () => choose(each, block, use, seconds && field.value ? String(Math.floor(new Date(field.value).getTime() / 1000)) : field.value || null) });
    return field;
  };
}

function local(seconds) {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function overflow(each, block, use) {
  const menu = h("div", { class: "menu", popover: "auto", role: "menu" },
    each.options.map((one) => h("button", { type: "button", role: "menuitem", onclick: () => { menu.hidePopover(); fire(each, block, use, one.value); } },
      text(one.text), one.description && h("span", { class: "hint" }, text(one.description)))));
  const opener = h("button", { type: "button", class: "button button-more", "aria-label": "More actions", "aria-haspopup": "menu", "data-action": each.action_id, disabled: Boolean(use.busy),
    onclick: () => {
      menu.togglePopover();
      const place = opener.getBoundingClientRect();
      menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
      menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`;
      menu.querySelector("button")?.focus();
    } }, icon("more"));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...menu.children];
    items.at((items.indexOf(document.activeElement) + step) % items.length)?.focus();
  });
  return h("span", { class: "overflow" }, opener, menu);
}

const DRAW = {
  button, overflow,
  static_select: staticSelect,
  users_select: (each, block, use, props) => select(each, block, use, props, userChoices()),
  conversations_select: (each, block, use, props) => select(each, block, use, props, channelChoices()),
  channels_select: (each, block, use, props) => select(each, block, use, props, channelChoices()),
  multi_static_select: ticks("checkbox", true),
  multi_users_select: ticks("checkbox", "users"),
  checkboxes: ticks("checkbox", true),
  radio_buttons: ticks("radio", false),
  plain_text_input: written("text"), number_input: written("number"), email_text_input: written("email"), url_text_input: written("url"),
  datepicker: picked("date"), timepicker: picked("time"), datetimepicker: picked("datetime-local"),
};
