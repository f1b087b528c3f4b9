// What a list of calls shows and how: columns, groups, order, filter. Kept for the next visit.

import { el, fill, say } from "./dom.js";
import { closing } from "./menu.js";

const KEPT = "callscribe.list";
const FIRST = ["queue", "agent"]; // what most have, if they have any
const AUTO_COLUMNS = 2;
const MOST_COLUMNS = 4;
const STANDINGS = [["live", "Live"], ["ringing", "Ringing"], ["degraded", "Degraded"], ["silent", "Silent"]];

/** The tools above the list. `changed(what)` is told of "columns", "order" and "filter". */
export class ListSettings {
  constructor(changed) {
    this.changed = changed;
    this.names = new Set();
    Object.assign(this, { chosen: null, groupBy: "", sortBy: "longest", standing: "live" }, kept());
    this.standing = "live"; // a filter of yesterday would hide calls of today
    this.build();
  }

  build() {
    this.text = el("input", {
      id: "filter", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Number, queue, agent …",
      oninput: () => this.changed("filter"),
    });
    this.group = el("select", { id: "group-by", onchange: () => this.choose({ groupBy: this.group.value }, "order") });
    this.sort = el("select", { id: "sort-by", onchange: () => this.choose({ sortBy: this.sort.value }, "order") });
    this.columns = el("ul", {});
    this.menu = closing(el("details", { class: "menu" }, el("summary", {}, "Columns"), this.columns));
    const field = (id, label, control) => el("p", { class: "field" }, el("label", { for: id }, label), control);
    this.strip = el("div", { class: "strip", role: "group", "aria-label": "Live calls by how they do" });
    this.counters = new Map(STANDINGS.map(([key, name]) => [key, this.counter(key, name)]));
    this.element = el("div", { class: "list-tools" },
      field("filter", "Filter", this.text), field("group-by", "Group by", this.group), field("sort-by", "Order", this.sort), this.menu);
    this.offer();
  }

  counter(key, name) {
    const number = el("span", { class: "figure" }, "0");
    const button = el("button", {
      type: "button", class: "counter", "data-standing": key, "aria-pressed": String(this.standing === key),
      onclick: () => this.filterBy(this.standing === key ? "live" : key),
    }, number, " ", name);
    this.strip.append(button);
    return { button, number };
  }

  filterBy(standing) {
    this.standing = standing;
    for (const [key, { button }] of this.counters) button.setAttribute("aria-pressed", String(key === standing));
    this.changed("filter");
  }

  /** Tell how many calls do how. */
  count(numbers) {
    for (const [key, { button, number }] of this.counters) {
      say(number, String(numbers[key] ?? 0));
      button.classList.toggle("some", key !== "live" && Boolean(numbers[key]));
    }
  }

  choose(choice, what) {
    Object.assign(this, choice);
    const { chosen, groupBy, sortBy } = this;
    localStorage.setItem(KEPT, JSON.stringify({ chosen, groupBy, sortBy }));
    this.offer();
    this.changed(what);
  }

  /** Learn which metadata calls have; returns whether there was news. */
  learn(metadata) {
    const news = Object.keys(metadata ?? {}).filter((name) => !this.names.has(name));
    news.forEach((name) => this.names.add(name));
    if (news.length) this.offer();
    return news.length > 0;
  }

  /** The metadata that are shown as columns: those that were chosen, or the first that there are. */
  get shown() {
    const known = [...FIRST.filter((name) => this.names.has(name)), ...[...this.names].filter((name) => !FIRST.includes(name)).sort()];
    return this.chosen ? known.filter((name) => this.chosen.includes(name)) : known.slice(0, AUTO_COLUMNS);
  }

  offer() {
    const names = [...this.names].sort();
    const options = (select, chosen, all) => fill(select, all.map(([value, name]) => el("option", { value, selected: value === chosen }, name)));
    const own = names.map((name) => [`metadata.${name}`, name]);
    options(this.group, this.groupBy, [["", "Nothing"], ...own]);
    options(this.sort, this.sortBy, [["longest", "Longest first"], ["newest", "Newest first"], ...own]);
    const { shown } = this;
    fill(this.columns, names.map((name) => {
      const id = `column-${name}`;
      const box = el("input", { type: "checkbox", id, checked: shown.includes(name), disabled: !shown.includes(name) && shown.length >= MOST_COLUMNS,
        onchange: () => this.choose({ chosen: box.checked ? [...shown, name] : shown.filter((one) => one !== name) }, "columns") });
      return el("li", { class: "check" }, box, el("label", { for: id }, name));
    }));
    this.menu.hidden = names.length === 0;
  }

  /** What is filtered by, in lower case. */
  get filter() {
    return this.text.value.trim().toLowerCase();
  }
}

function kept() {
  try {
    const { chosen = null, groupBy = "", sortBy = "longest" } = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    return { chosen: Array.isArray(chosen) ? chosen : null, groupBy, sortBy };
  } catch {
    return {}; // of an earlier version, or nothing
  }
}
