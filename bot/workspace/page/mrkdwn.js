// Slack's mrkdwn to nodes. The text is canonical: & < > are escaped except in control sequences.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { formatDate } from "./time.js";
import { names } from "./names.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

export function link(url, ...children) {
  if (!/^(?:https?:\/\/|mailto:|tel:)/i.test(url)) return h("span", {}, ...children);
  const own = url.startsWith(`${location.origin}/archives/`);
  return h("a", { href: url, rel: "noopener noreferrer nofollow", target: own ? null : "_blank" }, ...children);
}

const INLINE = new RegExp(
  [
    /`([^`\n]+)`/,
    /<([^<>\n]+)>/,
    /(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])/,
    /(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])/,
    /(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])/,
    /:([a-z0-9_+-]+):/,
    /(https?:\/\/[^\s<>|*_~`]+[^\s<>|*_~`.,;:!?)"'\]])/,
  ].map((each) => each.source).join("|"),
  "g",
);

export function inline(text, plain = false) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const made = plain && match[6] === undefined ? null : span(match);
    if (made === null) continue;
    if (match.index > at) nodes.push(unescape(text.slice(at, match.index)));
    nodes.push(made);
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(unescape(text.slice(at)));
  return nodes;
}

function span([, code, control, bold, italic, strike, name, url]) {
  if (code !== undefined) return h("code", { class: code.length < 28 ? "short" : null }, codeNodes(code));
  if (control !== undefined) return controlNode(control);
  if (bold !== undefined) return h("strong", {}, inline(bold));
  if (italic !== undefined) return h("em", {}, inline(italic));
  if (strike !== undefined) return h("s", {}, inline(strike));
  if (url !== undefined) return link(unescape(url), unescape(url));
  const sign = emoji(name);
  return sign && h("span", { class: "emoji", title: `:${name}:`, role: "img", "aria-label": name.replaceAll("_", " ") }, sign);
}

// Links keep working inside code; everything else is literal.
function codeNodes(text) {
  return text.split(/(<[^<>\n]+>)/).map((part) => (/^<.+>$/.test(part) ? controlNode(part.slice(1, -1)) : unescape(part)));
}

function controlNode(control) {
  const cut = control.indexOf("|");
  const target = cut < 0 ? control : control.slice(0, cut);
  const label = cut < 0 ? "" : unescape(control.slice(cut + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return h("a", { class: "mention", href: `#/${target.slice(1)}` }, `#${names.channel(target.slice(1)) ?? label}`);
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    const shown = h("time", { title: new Date(seconds * 1000).toString() }, formatDate(Number(seconds), unescape(format)) ?? label);
    return url ? link(unescape(url), shown) : shown;
  }
  if (target.startsWith("!subteam^")) return h("span", { class: "mention" }, `@${names.group(target.slice(9)) ?? label}`);
  if (target.startsWith("!")) return h("span", { class: "mention mention-me" }, `@${target.slice(1)}`);
  const url = unescape(target);
  return link(url, label || url.replace(/^(?:mailto|tel):/, ""));
}

export function mention(id, label) {
  const user = names.user(id);
  return h("span", { class: `mention${id === names.me() ? " mention-me" : ""}`, title: user?.real_name }, `@${user?.name ?? (label || id)}`);
}

// Whole texts: code blocks, quotes, list items, lines.
export function mrkdwn(text) {
  const nodes = [];
  text.split(/```/).forEach((part, index, parts) => {
    if (index % 2 === 1 && index < parts.length - 1) nodes.push(h("pre", {}, h("code", {}, codeNodes(part.replace(/^\n|\n$/g, "")))));
    else {
      const prose = index % 2 === 1 ? `\`\`\`${part}` : part;
      nodes.push(...lines(index > 0 ? prose.replace(/^\n/, "") : prose));
    }
  });
  return nodes;
}

function lines(text) {
  const nodes = [];
  let quote = [];
  let break_ = false;
  const flush = () => {
    if (quote.length) nodes.push(h("blockquote", {}, quote.map((line) => h("div", {}, inline(line)))));
    quote = [];
  };
  for (const line of text.split("\n")) {
    const quoted = /^&gt; ?(.*)$/.exec(line);
    if (quoted) {
      quote.push(quoted[1]);
      break_ = false;
      continue;
    }
    flush();
    const item = /^(\s*)([•◦▪‣-]|\d{1,3}[.)]) (.*)$/.exec(line);
    if (item) {
      nodes.push(h("div", { class: `item${item[1] ? " item-deep" : ""}` }, h("span", { class: "marker" }, item[2]), h("span", {}, inline(item[3]))));
      break_ = false;
      continue;
    }
    if (break_) nodes.push(h("br"));
    nodes.push(...inline(line));
    break_ = true;
  }
  flush();
  return nodes;
}
