// Dates and times in the reader's own time zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { weekday: "long", year: "numeric", month: "long", day: "numeric" });
const medium = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const number = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });

export const timeOf = (ts) => clock.format(new Date(ts * 1000));
export const fullTime = (ts) => `${full.format(new Date(ts * 1000))}, ${clockSeconds.format(new Date(ts * 1000))}`;
export const dayKey = (ts) => new Date(ts * 1000).toDateString();

export function dayName(ts) {
  return relative(new Date(ts * 1000)) ?? long.format(new Date(ts * 1000));
}

export function ago(ts) {
  const minutes = Math.round((Date.now() / 1000 - ts) / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return minutes === 1 ? "a minute ago" : `${minutes} minutes ago`;
  const name = relative(new Date(ts * 1000));
  return name ? `${name.toLowerCase()} at ${timeOf(ts)}` : short.format(new Date(ts * 1000));
}

function relative(date) {
  const day = 86_400_000;
  for (const [offset, name] of [[0, "Today"], [-1, "Yesterday"], [1, "Tomorrow"]]) {
    if (date.toDateString() === new Date(Date.now() + offset * day).toDateString()) return name;
  }
  return null;
}

// docs.slack.dev/messaging/formatting-message-text#date-formatting
export function formatDate(seconds, format) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return null;
  const pretty = (name) => relative(date)?.toLowerCase() ?? name;
  const forms = {
    date_num: () => number.format(date), date: () => medium.format(date), date_short: () => short.format(date), date_long: () => full.format(date),
    date_pretty: () => pretty(medium.format(date)), date_short_pretty: () => pretty(short.format(date)), date_long_pretty: () => pretty(full.format(date)),
    time: () => clock.format(date), time_secs: () => clockSeconds.format(date), ago: () => ago(seconds),
  };
  let known = true;
  const text = format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (!Object.hasOwn(forms, name)) known = false;
    return known ? forms[name]() : whole;
  });
  return known ? text : null;
}
