// Single keys, listed under "?", and off for whoever does not want them.

import { el } from "./dom.js";

const KEPT = "callscribe.shortcuts";
const LIST = [
  ["g then c", "Calls"], ["g then s", "Search"], ["g then d", "Deliveries"],
  ["/", "Search for words"], ["f", "Filter the list; find in a call"],
  ["j", "Next call, result or utterance"], ["k", "The one before"],
  ["Enter", "Open it; in a call with a recording, play from there"],
  ["← →", "In an utterance with a recording: word by word"],
  ["p", "Play or pause the recording"],
  ["b", "To the newest words, and stay there"],
  ["?", "This list"],
];
const PAGES = { c: "#/calls", s: "#/search", d: "#/deliveries" };

function on() {
  return localStorage.getItem(KEPT) !== "off";
}

function listed() {
  const toggle = el("input", { type: "checkbox", id: "single-keys", checked: on(), onchange: () =>
    localStorage.setItem(KEPT, toggle.checked ? "on" : "off") });
  const dialog = el("dialog", { class: "sheet", "aria-labelledby": "keys-title" },
    el("h2", { id: "keys-title" }, "Keyboard shortcuts"),
    el("dl", { class: "keys" }, LIST.map(([key, what]) => [
      el("dt", {}, key.split(" ").map((part) => part === "then" ? " then " : el("kbd", {}, part))),
      el("dd", {}, what),
    ])),
    el("p", { class: "check" }, toggle, el("label", { for: "single-keys" }, "Single keys are shortcuts")),
    el("p", { class: "actions" }, el("button", { type: "button", onclick: () => dialog.close() }, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Bind the keys; `view()` is what is shown, and may have `next`, `look`, `play`, `toEnd`. */
export function bindShortcuts(button, view) {
  let going = 0;
  button.addEventListener("click", listed);
  const keys = {
    "?": () => listed(),
    "/": () => {
      const field = document.getElementById("q");
      if (field) field.focus();
      else location.hash = "#/search";
    },
    f: () => view()?.look?.(),
    j: () => view()?.next?.(1),
    k: () => view()?.next?.(-1),
    p: () => view()?.play?.(),
    b: () => view()?.toEnd?.(),
    g: () => { going = Date.now(); },
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !on() || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), select, textarea, dialog")) return;
    const page = Date.now() - going < 1500 && PAGES[event.key];
    going = 0;
    if (page) location.hash = page;
    else if (Object.hasOwn(keys, event.key)) keys[event.key]();
    else return;
    event.preventDefault();
  });
}

/** Move the focus along these links, from where it is. */
export function stepAlong(links, by) {
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}
