// A menu: a button that opens a list of things to do, and closes by Escape or by leaving it.

import { el } from "./dom.js";

/** `items` are pairs of a label and an action; what is null is left out. */
export function menuOf(label, items) {
  const menu = el("details", { class: "menu" }, el("summary", {}, label),
    el("ul", {}, items.filter(Boolean).map(([name, act, kind]) => el("li", {},
      el("button", { type: "button", class: kind, onclick: () => { menu.open = false; act(); } }, name)))));
  return closing(menu);
}

/** Have a `details` close as menus do. */
export function closing(menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.firstChild.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}
