// The markdown block: standard Markdown, as much of it as Slack draws.

import { h } from "./dom.js";
import { link } from "./mrkdwn.js";
import { emoji } from "./emoji.js";

const INLINE = /(`+)(.+?)\1|\*\*(?=\S)(.+?)(?<=\S)\*\*|__(?=\S)(.+?)(?<=\S)__|~~(?=\S)(.+?)(?<=\S)~~|(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_]+?)(?<=\S)_(?![\w_])|\[([^\]]+)\]\(([^)\s]+)\)|:([a-z0-9_+-]+):|\\([\\`*_~[\]#>-])/g;

function inline(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, , code, bold, bold2, strike, italic, italic2, label, url, name, escaped] = match;
    let node = escaped;
    if (code !== undefined) node = h("code", {}, code);
    else if (bold ?? bold2) node = h("strong", {}, inline(bold ?? bold2));
    else if (strike) node = h("s", {}, inline(strike));
    else if (italic ?? italic2) node = h("em", {}, inline(italic ?? italic2));
    else if (url) node = link(url, inline(label));
    else if (name) node = emoji(name) ?? whole;
    nodes.push(text.slice(at, match.index), node);
    at = match.index + whole.length;
  }
  return [...nodes, text.slice(at)];
}

export function markdown(source) {
  const lines = source.split("\n");
  const nodes = [];
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) nodes.push(h("p", {}, paragraph.flatMap((line, index) => [index ? h("br") : null, ...inline(line)])));
    paragraph = [];
  };
  const take = (pattern) => {
    const taken = [];
    while (lines.length && pattern.test(lines[0])) taken.push(lines.shift());
    return taken;
  };
  while (lines.length) {
    const line = lines[0];
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const fence = /^(```+|~~~+)/.exec(line);
    if (fence) {
      flush();
      lines.shift();
      const code = take(new RegExp(`^(?!${fence[1]})`));
      lines.shift();
      nodes.push(h("pre", {}, h("code", {}, code.join("\n"))));
    } else if (heading) {
      flush();
      lines.shift();
      nodes.push(h(`h${Math.min(heading[1].length + 2, 6)}`, {}, inline(heading[2])));
    } else if (/^\s*(?:---+|\*\*\*+)\s*$/.test(line)) {
      flush();
      lines.shift();
      nodes.push(h("hr"));
    } else if (/^\s*>/.test(line)) {
      flush();
      nodes.push(h("blockquote", {}, markdown(take(/^\s*>/).map((each) => each.replace(/^\s*> ?/, "")).join("\n"))));
    } else if (/^\s*[-*+]\s/.test(line)) {
      flush();
      nodes.push(h("ul", {}, take(/^\s*[-*+]\s/).map((each) => h("li", { class: /^\s{2,}/.test(each) ? "deeper" : "" }, inline(each.replace(/^\s*[-*+]\s+/, ""))))));
    } else if (/^\s*\d+[.)]\s/.test(line)) {
      flush();
      nodes.push(h("ol", {}, take(/^\s*\d+[.)]\s/).map((each) => h("li", {}, inline(each.replace(/^\s*\d+[.)]\s+/, ""))))));
    } else if (/^\s*\|.*\|\s*$/.test(line) && /^\s*\|?[\s:|-]+\|?\s*$/.test(lines[1] ?? "")) {
      flush();
      nodes.push(table(take(/^\s*\|.*\|\s*$/)));
    } else {
      lines.shift();
      if (line.trim()) paragraph.push(line);
      else flush();
    }
  }
  flush();
  return nodes;
}

function table(rows) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((each) => each.trim());
  const [head, , ...body] = rows;
  return h("div", { class: "block-table" }, h("table", {},
    h("thead", {}, h("tr", {}, cells(head).map((each) => h("th", { scope: "col" }, inline(each))))),
    h("tbody", {}, body.map((row) => h("tr", {}, cells(row).map((each) => h("td", {}, inline(each))))))));
}
