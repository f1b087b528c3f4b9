// Finding words in one call: all places are marked, and one after the other is gone to.

import { el, say } from "./dom.js";
import { mark, rangeIn } from "./marks.js";

const MOST = 2000;
const AGAIN_MS = 300;

/** The field, its count and its buttons; `leave()` has the page stay where a place was found. */
export class Find {
  constructor(transcript, leave) {
    Object.assign(this, { transcript, leave });
    this.places = [];
    this.at = -1;
    this.field = el("input", {
      id: "find", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Find in this call", "aria-label": "Find in this call",
      oninput: () => { this.look(); this.go(0); },
      onkeydown: (event) => this.pressed(event),
    });
    this.count = el("span", { class: "found", role: "status" });
    const step = (label, sign, by) => el("button", { type: "button", class: "quiet icon", "aria-label": label, onclick: () => this.go(this.at + by) },
      el("span", { "aria-hidden": "true" }, sign));
    this.buttons = el("span", { class: "steps", hidden: true }, step("Place before", "↑", -1), step("Next place", "↓", 1));
    this.element = el("div", { class: "find", role: "search" }, this.field, this.count, this.buttons);
  }

  pressed(event) {
    if (event.key === "Enter") this.go(this.at + (event.shiftKey ? -1 : 1));
    else if (event.key === "Escape" && this.field.value) this.clear();
    else return;
    event.preventDefault();
  }

  clear() {
    this.field.value = "";
    this.look();
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  /** Look again, a little later: something was written. */
  written() {
    if (!this.field.value || this.waiting) return;
    this.waiting = setTimeout(() => {
      this.waiting = null;
      const current = this.places[this.at];
      this.look();
      this.at = this.places.findIndex((place) => place.row === current?.row && place.from === current?.from);
      this.show();
    }, AGAIN_MS);
  }

  look() {
    const wanted = this.field.value.trim().toLowerCase();
    this.places = [];
    this.at = -1;
    for (const row of wanted ? this.transcript.rows : []) {
      if (!row.at) continue;
      const text = row.text.toLowerCase();
      for (let from = text.indexOf(wanted); from >= 0 && this.places.length < MOST; from = text.indexOf(wanted, from + wanted.length)) {
        this.places.push({ row, from, to: from + wanted.length });
      }
    }
    this.show();
  }

  go(index) {
    if (!this.places.length) return;
    this.at = (index + this.places.length) % this.places.length;
    this.leave();
    this.places[this.at].row.element.scrollIntoView({ block: "center" });
    this.show();
  }

  show() {
    const ranges = this.places.map(({ row, from, to }) => rangeIn(row.words, from, to));
    mark("found", ranges);
    mark("found-now", this.at < 0 ? [] : [ranges[this.at]]);
    const all = this.places.length;
    const place = this.at < 0 ? "" : `${this.at + 1} of `;
    say(this.count, this.field.value.trim() ? (all ? `${place}${all}${all === MOST ? "+" : ""}` : "Not said") : "");
    this.buttons.hidden = all === 0;
  }

  close() {
    clearTimeout(this.waiting);
    mark("found", []);
    mark("found-now", []);
  }
}
