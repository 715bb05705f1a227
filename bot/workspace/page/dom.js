// Builds elements from values. Text only ever becomes text nodes: there is no way to make markup of a string.

const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "hidden", "className", "open"]);

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const PATHS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  reply: "M20 12a7 7 0 0 1-7 7H5l2-3a7 7 0 1 1 13-4z",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M8.500 14.500c1.800 2 5.200 2 7 0",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  send: "M4 12l16-8-5 16-3.500-6.500z",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 14.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600z",
  theme: "M12 3a9 9 0 1 0 9 9c0-.5 0-.9-.1-1.300A6 6 0 0 1 12.500 3z",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  warn: "M12 4 2.500 20h19zM12 10v4.500M12 17.300v.01",
  shield: "M12 3l7 2.600v5.300c0 4.300-2.900 7.500-7 9.100-4.100-1.600-7-4.800-7-9.100V5.600zM9 12l2.200 2.200L15.200 9.500",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.600-5.600l-1.500 1.500M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.600 5.600l1.500-1.500",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v6",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM16 8v5a2.500 2.500 0 0 0 5 0v-1a9 9 0 1 0-4 7.500",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  return parent;
}

export function iconButton(name, label, onclick, props) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

export function avatar(user, size) {
  const kind = size ? ` avatar-${size}` : "";
  if (!user) return h("span", { class: `avatar hue-7${kind}`, "aria-hidden": "true" }, "?");
  if (user.is_bot) return h("span", { class: `avatar avatar-app${kind}`, "aria-hidden": "true" }, icon("shield"));
  const initials = user.real_name.split(/\s+/).map((word) => word[0]).slice(0, 2).join("");
  return h("span", { class: `avatar hue-${hue(user.id)}${kind}`, "aria-hidden": "true" }, initials.toUpperCase());
}

function hue(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 997;
  return sum % 7;
}
