// One message, and lists of them.

import { avatar, h, icon, iconButton } from "./dom.js";
import { act } from "./api.js";
import { blocks, by, enlarge } from "./blocks.js";
import { emoji, QUICK } from "./emoji.js";
import { inline, link, mrkdwn, unescape } from "./mrkdwn.js";
import { names } from "./names.js";
import { hasNews } from "./threads.js";
import { ago, dayKey, dayName, fullTime, timeOf } from "./time.js";

const NEAR = 300; // seconds within which one person's messages stand together

// What was chosen in messages, and what is under way or failed, by channel and timestamp.
const chosen = new Map();
const acting = new Map();

export function messages(list, view) {
  const nodes = [];
  let day = "";
  let last = null;
  for (const message of list) {
    if (view.days && dayKey(message.ts) !== day) {
      day = dayKey(message.ts);
      nodes.push(keyed(`day ${day}`, "", () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(message.ts)))));
      last = null;
    }
    const together = last && last.user === message.user && !last.is_ephemeral && !message.is_ephemeral && message.ts - last.ts < NEAR
      && !last.subtype && !message.subtype && !isCard(message);
    nodes.push(draw(message, view, Boolean(together)));
    last = message;
    if (view.divideAfter === message.ts) {
      nodes.push(keyed("divide", view.replies, () => h("div", { class: "day replies" }, h("span", {}, view.replies))));
      last = null;
    }
  }
  return nodes;
}

// What stands by itself is framed: a question with its buttons, an incident with its title.
const isCard = (message) => message.blocks?.some((block) => ["header", "actions"].includes(block.type)) ?? false;

const keyed = (key, version, make) => ({ key, version: String(version), make });

function draw(message, view, together) {
  const place = `${view.channel} ${message.ts}`;
  const version = JSON.stringify([message, together, acting.get(place) ?? null, view.open === message.ts, dayName(message.ts), hasNews(view.channel, message)]);
  return keyed(message.ts, version, () => node(message, view, together, place));
}

// Put keyed nodes into a list, keeping those that have not changed: focus and scroll stay.
export function patch(list, wanted) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let cursor = list.firstElementChild;
  for (const each of wanted) {
    let child = present.get(each.key);
    if (!child || child.version !== each.version) {
      const made = each.make();
      made.dataset.key = each.key;
      made.version = each.version;
      if (child) {
        const focused = child.contains(document.activeElement) ? document.activeElement.dataset.action : null;
        if (cursor === child) cursor = child.nextElementSibling;
        child.remove();
        list.insertBefore(made, cursor);
        if (focused) made.querySelector(`[data-action="${CSS.escape(focused)}"]`)?.focus();
      } else list.insertBefore(made, cursor);
      present.delete(each.key);
      continue;
    }
    present.delete(each.key);
    if (child === cursor) cursor = cursor.nextElementSibling;
    else list.insertBefore(child, cursor);
  }
  for (const child of present.values()) child.remove();
}

function node(message, view, together, place) {
  const user = names.user(message.user);
  const name = message.local ? "Workspace" : user?.real_name ?? message.user;
  const classes = ["message", together && "together", message.is_ephemeral && "ephemeral", message.local && "local", view.open === message.ts && "is-open", message.subtype === "tombstone" && "tombstone"];
  return h("article", { class: classes.filter(Boolean).join(" "), "aria-label": `${name}, ${timeOf(message.ts)}`, "data-ts": message.ts },
    h("div", { class: "gutter" }, together ? h("time", { class: "time", title: fullTime(message.ts) }, timeOf(message.ts)) : message.local ? h("span", { class: "avatar avatar-local" }, icon("warn")) : avatar(user)),
    h("div", { class: "content" },
      message.is_ephemeral && h("div", { class: "only-you" }, icon("eye"), "Only visible to you"),
      message.pinned_to && h("div", { class: "only-you pinned" }, icon("pin"), "Pinned"),
      message.subtype === "thread_broadcast" && view.kind !== "thread" && h("div", { class: "only-you broadcast" }, icon("reply"), h("a", { href: `#/${view.channel}/${message.thread_ts}` }, "replied to a thread")),
      !together && h("div", { class: "byline" }, h("span", { class: "author" }, name), user?.is_bot && h("span", { class: "badge" }, "App"),
        h("time", { class: "time", title: fullTime(message.ts) }, timeOf(message.ts)), message.blocks?.length > 0 && edited(message)),
      body(message, view, place),
      reactions(message, view),
      view.kind === "channel" && message.reply_count > 0 && replies(message, view)),
    message.is_ephemeral ? h("div", { class: "tools" }, iconButton("close", "Dismiss", () => view.dismiss(message.ts))) : message.subtype !== "tombstone" && tools(message, view));
}

const edited = (message) => message.edited && h("span", { class: "edited", title: `Edited ${fullTime(message.edited.ts)}` }, "(edited)");

function body(message, view, place) {
  const use = usage(message, view, place);
  const drawn = message.blocks?.length ? blocks(message.blocks, use) : null;
  const problem = acting.get(place)?.error;
  return [
    drawn ? h("div", { class: `blocks${isCard(message) ? " card" : ""}` }, drawn) : message.text && h("div", { class: "text" }, mrkdwn(message.text), message.edited && [" ", edited(message)]),
    (message.attachments ?? []).map((each) => attachment(each, use)),
    (message.files ?? []).map(file),
    problem && h("div", { class: "fault", role: "alert" }, icon("warn"), problem),
  ];
}

function usage(message, view, place) {
  if (!chosen.has(place)) chosen.set(place, {});
  const values = chosen.get(place);
  return {
    values,
    busy: acting.get(place)?.busy,
    keep: (block, action, value) => ((values[block] ??= {})[action] = value),
    act: async (block, action, value) => {
      acting.set(place, { busy: `${block} ${action}` });
      view.redraw();
      try {
        await act({ user: names.me(), act: "use", channel: view.channel, ts: message.ts, block, action, value, values });
        acting.delete(place);
      } catch (error) {
        acting.set(place, { error: error.message });
      }
      view.redraw();
    },
  };
}

function attachment(each, use) {
  const box = h("div", { class: "attachment" },
    each.pretext && h("div", { class: "text" }, mrkdwn(each.pretext)),
    each.title && h("div", { class: "text" }, h("strong", {}, each.title_link ? link(unescape(each.title_link), inline(each.title)) : inline(each.title))),
    each.text && h("div", { class: "text" }, mrkdwn(each.text)),
    each.blocks && h("div", { class: "blocks" }, blocks(each.blocks, use)),
    each.footer && h("div", { class: "block-context" }, inline(each.footer)));
  const colours = { good: "#1a7f5a", warning: "#b7791f", danger: "#c9302c" };
  const colour = colours[each.color] ?? each.color ?? "";
  if (/^#?[0-9a-f]{3,8}$/i.test(colour)) box.style.borderInlineStartColor = colour.startsWith("#") ? colour : `#${colour}`;
  return box;
}

function file(each) {
  const address = `/files/${encodeURIComponent(each.id)}`;
  if (/^image\/(?:png|jpeg|gif|webp)$/.test(each.mimetype)) {
    return h("figure", { class: "file" }, h("figcaption", {}, each.title),
      h("button", { type: "button", class: "image-button picture", "aria-label": `Enlarge: ${each.alt_txt || each.title}`, onclick: () => enlarge(each.id, each.alt_txt || each.title) },
        h("img", { src: address, alt: each.alt_txt || each.title, loading: "lazy" })));
  }
  return h("a", { class: "file file-other", href: address, download: each.name }, icon("file"), h("span", {}, each.title), h("span", { class: "hint" }, `${Math.ceil(each.size / 1024)} kB`));
}

function react(message, view, name, add) {
  return act({ user: names.me(), act: "react", channel: view.channel, ts: message.ts, name, add }).catch((error) => view.complain(error));
}

function reactions(message, view) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map((each) => {
    const mine = each.users.includes(names.me());
    const who = each.users.map((id) => names.user(id)?.real_name ?? id).join(", ");
    return h("button", { type: "button", class: "reaction", "aria-pressed": String(mine), title: `${who} reacted with :${each.name}:`, onclick: () => react(message, view, each.name, !mine) },
      h("span", { class: "emoji" }, emoji(each.name) ?? `:${each.name}:`), h("span", {}, String(each.count)));
  }));
}

function replies(message, view) {
  const news = hasNews(view.channel, message);
  return h("a", { class: `replies-link${news ? " has-news" : ""}`, href: `#/${view.channel}/${message.ts}` },
    h("span", { class: "faces" }, message.reply_users.map((user) => by(user, "small"))),
    h("strong", {}, message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`),
    news && h("span", { class: "news" }, "New"),
    h("span", { class: "hint" }, `Last reply ${ago(message.latest_reply)}`));
}

function tools(message, view) {
  const picker = h("div", { class: "menu emoji-menu", popover: "auto" }, QUICK.map((name) =>
    h("button", { type: "button", title: `:${name}:`, "aria-label": name.replaceAll("_", " "), onclick: () => { picker.hidePopover(); react(message, view, name, !message.reactions?.some((each) => each.name === name && each.users.includes(names.me()))); } }, emoji(name))));
  const opener = iconButton("smile", "React", () => {
    picker.togglePopover();
    const place = opener.getBoundingClientRect();
    picker.style.top = `${Math.min(place.bottom + 4, innerHeight - 56)}px`;
    picker.style.left = `${Math.max(8, place.right - picker.offsetWidth)}px`;
  });
  const copy = iconButton("link", "Copy link", () => navigator.clipboard?.writeText(`${location.origin}/archives/${view.channel}/p${message.ts.replace(".", "")}`));
  return h("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" }, opener, picker,
    view.kind === "channel" && h("a", { class: "icon-button", href: `#/${view.channel}/${message.thread_ts ?? message.ts}`, "aria-label": "Reply in thread", title: "Reply in thread" }, icon("reply")), copy);
}

