// Which replies a person has seen, kept in this browser: the others are marked as new.

import { names } from "./names.js";

const MOST = 500;

function read() {
  try {
    return JSON.parse(localStorage.getItem(`threads ${names.me()}`)) ?? {};
  } catch {
    return {};
  }
}

export function see(channel, ts, latest) {
  const seen = read();
  const key = `${channel} ${ts}`;
  if (!latest || seen[key] >= latest) return;
  delete seen[key];
  const kept = Object.entries({ ...seen, [key]: latest }).slice(-MOST);
  localStorage.setItem(`threads ${names.me()}`, JSON.stringify(Object.fromEntries(kept)));
}

export function hasNews(channel, message) {
  if (!message.reply_count) return false;
  return message.latest_reply > (read()[`${channel} ${message.ts}`] ?? "");
}
