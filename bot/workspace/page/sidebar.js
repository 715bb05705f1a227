// Channels, the app, and who one is.

import { avatar, h, icon, iconButton } from "./dom.js";
import { names } from "./names.js";

export function sidebar(state, route, online, handlers) {
  const link = (id, sign, label, unread) => h("a", {
    class: `room${unread ? " has-unread" : ""}`, href: `#/${id}`, "aria-current": route.room === id ? "page" : null, onclick: handlers.leave,
  }, sign, h("span", { class: "room-name" }, label),
  unread > 0 && h("span", { class: "unread" }, unread > 99 ? "99+" : String(unread), h("span", { class: "hidden-text" }, " unread")));
  const rooms = state.channels.filter((each) => !each.is_im);
  const direct = state.channels.filter((each) => each.is_im);
  const up = online && state.connected;
  return [
    h("header", { class: "team" }, h("span", { class: "team-mark", "aria-hidden": "true" }, state.team.name[0]),
      h("div", { class: "team-name" }, h("h1", {}, state.team.name),
        h("div", { class: `status ${up ? "is-up" : "is-down"}`, role: "status" }, h("span", { class: "dot" }),
          !online ? "Workspace unreachable" : state.connected ? `${state.app.name} is connected` : `${state.app.name} is not connected`)),
      iconButton("theme", "Switch between light and dark", handlers.theme), iconButton("close", "Close menu", handlers.leave, { class: "icon-button only-narrow" })),
    h("div", { class: "rooms" },
      h("h2", {}, "Channels"), rooms.map((each) => link(each.id, icon("hash"), each.name, each.unread)),
      h("h2", {}, "Apps"),
      direct.map((each) => link(each.id, avatar(names.user(state.app.user), "small"), state.app.name, each.unread)),
      link("home", icon("home"), `${state.app.name} home`, 0)),
    h("div", { class: "people", role: "radiogroup", "aria-labelledby": "you-are" }, h("h2", { id: "you-are" }, "You are"),
      state.people.map((id) => {
        const user = names.user(id);
        return h("label", { class: "person", title: `${user.real_name}${user.profile.title ? `, ${user.profile.title}` : ""}` },
          h("input", { type: "radio", name: "me", value: id, checked: id === state.me, onchange: () => handlers.become(id) }),
          avatar(user), h("span", { class: "person-text" }, h("span", { class: "person-name" }, user.real_name), h("span", { class: "person-title" }, user.profile.title)));
      })),
  ];
}
