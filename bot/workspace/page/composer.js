// Where people write: commands complete after "/", people after "@". Enter sends, Shift+Enter breaks the line.

import { avatar, h, icon } from "./dom.js";
import { names } from "./names.js";

const drafts = new Map();

export function composer({ key, placeholder, commands, onsend }) {
  let choices = [];
  let at = 0;
  const list = h("ul", { class: "suggestions", role: "listbox", id: `suggest-${key.replace(/\W/g, "-")}`, "aria-label": "Suggestions", hidden: true });
  const field = h("textarea", {
    rows: 1, placeholder, "aria-label": placeholder, value: drafts.get(key) ?? "", autocomplete: "off", spellcheck: "true",
    role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", oninput: changed, onkeydown: pressed, onblur: () => show([]), onclick: suggest,
  });
  const button = h("button", { type: "submit", class: "send", "aria-label": "Send", title: "Send (Enter)", disabled: true }, icon("send"));
  const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); send(); } },
    list, h("div", { class: "composer-box" }, field, h("div", { class: "composer-foot" },
      h("span", { class: "hint" }, commands.length > 0 && [h("kbd", {}, "/"), " commands  "], h("kbd", {}, "@"), " people  ", h("kbd", {}, "Shift Enter"), " new line"), button)));
  grow();

  function grow() {
    field.style.height = "auto";
    if (field.scrollHeight) field.style.height = `${Math.min(field.scrollHeight, 220)}px`;
    button.disabled = !field.value.trim();
    form.classList.toggle("is-command", /^\/[a-z]/.test(field.value));
  }

  function changed() {
    drafts.set(key, field.value);
    grow();
    suggest();
  }

  function suggest() {
    show(find(field.value.slice(0, field.selectionStart), field.value, commands));
  }

  function show(found) {
    choices = found;
    at = 0;
    list.hidden = !found.length;
    field.setAttribute("aria-expanded", String(found.length > 0));
    draw();
  }

  function draw() {
    list.replaceChildren(...choices.map((choice, index) => h("li", {
      role: "option", id: `${list.id}-${index}`, "aria-selected": String(index === at),
      onpointerdown: (event) => { event.preventDefault(); take(choice); },
    }, choice.user ? avatar(choice.user, "small") : h("span", { class: "suggestion-sign" }, "/"),
    h("strong", {}, choice.label), choice.usage && h("code", {}, choice.usage), h("span", { class: "hint" }, choice.hint))));
    if (choices.length) field.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    else field.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function take(choice) {
    field.setRangeText(`${choice.text} `, choice.from, field.selectionStart, "end");
    field.focus();
    changed();
  }

  function pressed(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (choices.length && step) {
      event.preventDefault();
      at = (at + step + choices.length) % choices.length;
      draw();
    } else if (choices.length && (event.key === "Tab" || (event.key === "Enter" && !choices[at].done))) {
      event.preventDefault();
      take(choices[at]);
    } else if (choices.length && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      show([]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  }

  async function send() {
    const text = field.value.trim();
    if (!text || form.classList.contains("is-busy")) return;
    show([]);
    form.classList.add("is-busy");
    field.value = "";
    drafts.delete(key);
    grow();
    const sent = await onsend(text);
    form.classList.remove("is-busy");
    if (!sent && !field.value) {
      field.value = text;
      drafts.set(key, text);
    }
    grow();
  }

  return { form, focus: () => field.focus() };
}

// What could stand where the caret is: {from, text, label, hint, done: it already stands there}.
function find(before, whole, commands) {
  if (/^\/\S*$/.test(before)) {
    return commands.filter((each) => each.command.startsWith(before))
      .map((each) => ({ from: 0, text: each.command, label: each.command, usage: each.usage.length < 48 ? each.usage : "", hint: each.description, done: each.command === whole }));
  }
  const verb = /^(\/\S+) (\S*)$/.exec(before);
  if (verb) {
    const command = commands.find((each) => each.command === verb[1]);
    const verbs = (command?.usage ?? "").split("|").map((each) => each.trim()).filter(Boolean);
    return verbs.filter((each) => each.startsWith(verb[2]))
      .map((each) => {
        const [name, ...rest] = each.split(" ");
        return { from: verb[1].length + 1, text: name, label: `${verb[1]} ${name}`, usage: rest.join(" "), hint: "", done: name === verb[2] };
      });
  }
  const person = /(?:^|\s)@([a-z0-9._-]*)$/i.exec(before);
  if (!person) return [];
  const wanted = person[1].toLowerCase();
  return [...names.people(), ...names.bots()]
    .filter((user) => user.name.startsWith(wanted) || user.real_name.toLowerCase().includes(wanted))
    .slice(0, 6)
    .map((user) => ({ from: before.length - person[1].length - 1, text: `@${user.name}`, label: user.real_name, hint: `@${user.name}`, user }));
}
