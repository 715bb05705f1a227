// Confirm dialogs, as Block Kit's confirm objects describe them.

import { h } from "./dom.js";
import { text } from "./blocks.js";

export function confirm(object) {
  return new Promise((resolve) => {
    let answer = false;
    const say = (value) => () => {
      answer = value;
      box.close();
    };
    const style = object.style ?? "primary";
    const box = h("dialog", { class: "modal confirm", "aria-labelledby": "confirm-title", onclose: () => { box.remove(); resolve(answer); } },
      h("header", {}, h("h2", { id: "confirm-title" }, text(object.title))),
      h("div", { class: "modal-body" }, h("div", { class: "text" }, text(object.text))),
      h("footer", {},
        h("button", { type: "button", class: "button", onclick: say(false) }, text(object.deny)),
        h("button", { type: "button", class: `button button-${style}`, "data-confirm": true, onclick: say(true), autofocus: true }, text(object.confirm))));
    document.getElementById("layer").append(box);
    box.showModal();
  });
}
