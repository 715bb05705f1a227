// Draws Block Kit. `use` is what interactive elements call: {values, act(block, element, value), busy, error}.

import { h, icon, avatar } from "./dom.js";
import { element } from "./elements.js";
import { emoji } from "./emoji.js";
import { markdown } from "./markdown.js";
import { inline, link, mention, mrkdwn } from "./mrkdwn.js";
import { names } from "./names.js";
import { formatDate } from "./time.js";

export function text(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  const escaped = object.text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return object.emoji === false ? [object.text] : inline(escaped, true);
}

const DRAW = {
  header: (block) => h("h3", { class: "block-header" }, text(block.text)),
  divider: () => h("hr"),
  section: (block, use) =>
    h("div", { class: `block-section${block.accessory ? ` with-${block.accessory.type === "image" ? "image" : "accessory"}` : ""}` },
      h("div", { class: "block-body" },
        block.text && h("div", { class: "text" }, text(block.text)),
        block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "text" }, text(field))))),
      block.accessory && h("div", { class: "accessory" }, block.accessory.type === "image" ? image(block.accessory, "thumbnail") : element(block.accessory, block, use))),
  context: (block) =>
    h("div", { class: "block-context" }, block.elements.map((each) =>
      each.type === "image" ? image(each, "context-image") : h("span", { class: "text" }, text(each)))),
  actions: (block, use) => h("div", { class: "block-actions" }, block.elements.map((each) => element(each, block, use))),
  image: (block) => h("figure", { class: "block-image" }, block.title && h("figcaption", {}, text(block.title)), image(block, "picture")),
  input: (block, use) => input(block, use),
  rich_text: (block) => h("div", { class: "block-rich" }, block.elements.map(rich)),
  markdown: (block) => h("div", { class: "block-markdown" }, markdown(block.text)),
  table: (block) => table(block),
};

export function blocks(list, use) {
  return list.map((block) => {
    const node = DRAW[block.type]?.(block, use) ?? h("div", { class: "fault" }, `This page can’t draw a ${block.type}.`);
    node.dataset.block = block.block_id;
    return node;
  });
}

export function image(source, kind) {
  const file = source.slack_file?.id ?? fileOf(source.slack_file?.url ?? source.image_url ?? "");
  if (!file) return h("span", { class: "image-elsewhere" }, icon("file"), link(source.image_url ?? "", source.alt_text));
  return h("button", { type: "button", class: `image-button ${kind}`, "aria-label": `Enlarge: ${source.alt_text}`, onclick: () => enlarge(file, source.alt_text) },
    h("img", { src: `/files/${encodeURIComponent(file)}`, alt: source.alt_text, loading: "lazy" }));
}

function fileOf(url) {
  return /^https?:\/\/[^/]+\/files\/(F[A-Z0-9]+)$/.exec(url)?.[1];
}

export function enlarge(file, alt) {
  const box = h("dialog", { class: "lightbox", onclick: () => box.close(), onclose: () => box.remove(), "aria-label": alt },
    h("img", { src: `/files/${encodeURIComponent(file)}`, alt }));
  document.getElementById("layer").append(box);
  box.showModal();
}

function input(block, use) {
  const id = `input-${block.block_id}-${block.element.action_id}`.replace(/[^\w-]/g, "_");
  const fault = use.faults?.[block.block_id];
  const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const control = element(block.element, block, use, { id, invalid: Boolean(fault), label: block.label.text });
  return h(group ? "fieldset" : "div", { class: `block-input${fault ? " has-fault" : ""}` },
    h(group ? "legend" : "label", { for: group ? null : id }, text(block.label), block.optional && h("span", { class: "optional" }, " (optional)")),
    control,
    block.hint && h("div", { class: "hint" }, text(block.hint)),
    fault && h("div", { class: "fault", role: "alert" }, icon("warn"), fault));
}

function table(block) {
  const columns = block.column_settings ?? [];
  const cell = (tag) => (each, column) =>
    h(tag, { class: `align-${columns[column]?.align ?? "left"}`, scope: tag === "th" ? "col" : null },
      each.type === "raw_text" ? each.text : each.elements.map(rich));
  const [head, ...rows] = block.rows;
  return h("div", { class: "block-table", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, h("tr", {}, head.map(cell("th")))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell("td")))))));
}

// --- rich text ----------------------------------------------------------------------------------

function rich(part) {
  const leaves = (part.elements ?? []).map(part.type === "rich_text_list" ? (each) => h("li", {}, each.elements.map(leaf)) : leaf);
  switch (part.type) {
    case "rich_text_list": {
      const list = h(part.style === "ordered" ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 4)}` }, leaves);
      if (part.offset && part.style === "ordered") list.start = part.offset + 1;
      return list;
    }
    case "rich_text_quote": return h("blockquote", {}, leaves);
    case "rich_text_preformatted": return h("pre", {}, h("code", {}, leaves));
    default: return h("div", { class: "text" }, leaves);
  }
}

const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u", highlight: "mark" };

function leaf(part) {
  let node = bare(part);
  for (const [style, tag] of Object.entries(STYLES)) if (part.style?.[style]) node = h(tag, {}, node);
  return node;
}

function bare(part) {
  switch (part.type) {
    case "text": return part.text;
    case "link": return link(part.url, part.text ?? part.url);
    case "user": return mention(part.user_id);
    case "usergroup": return h("span", { class: "mention" }, `@${names.group(part.usergroup_id) ?? part.usergroup_id}`);
    case "channel": return h("a", { class: "mention", href: `#/${part.channel_id}` }, `#${names.channel(part.channel_id) ?? part.channel_id}`);
    case "emoji": return emoji(part.name) ?? `:${part.name}:`;
    case "broadcast": return h("span", { class: "mention mention-me" }, `@${part.range}`);
    case "date": return h("time", {}, formatDate(part.timestamp, part.format) ?? part.fallback ?? "");
    case "color": return h("code", {}, part.value);
    default: return "";
  }
}

export function by(user, size) {
  return avatar(names.user(user), size);
}
