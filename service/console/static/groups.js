// Rows in groups with headings, each in order; a row moves only if its place is another one.

import { el, fill, say } from "./dom.js";

const CHUNK_ROWS = 20;
const ROW_PX = 49;
const FEW = 60; // rows, which are about a window
const SKIPS = "ContentVisibilityAutoStateChangeEvent" in window; // otherwise nothing tells what is in sight

/**
 * A list of rows (`row.element`), in groups.
 *
 * `groupOf(row)` gives the key and heading of its group ("" for none), `compareGroups(key, key)` and
 * `compare(row, row)` the order. Rows live in chunks that the browser skips while they are out of
 * sight, so that thousands cost what the visible ones cost; `onSight(rows)` is told of those that
 * come near to it or go away.
 */
export class Groups {
  constructor({ label, groupOf, compareGroups, compare, onSight = () => {} }) {
    Object.assign(this, { label, groupOf, compareGroups, compare, onSight });
    this.groups = [];
    this.leaving = [];
    this.element = el("div", { class: "groups" });
    this.size = 0;
  }

  /** Put a row where it belongs; one that is there already stays. */
  place(row) {
    const [key, heading] = this.groupOf(row);
    if (row.group?.key === key && this.groups.includes(row.group)) return;
    this.take(row);
    const group = this.group(key, heading);
    const index = position(group.rows, row, this.compare);
    const next = group.rows[index];
    group.rows.splice(index, 0, row);
    row.group = group;
    this.size += 1;
    const focused = row.element.contains(document.activeElement);
    if (next) next.element.before(row.element);
    else this.lastChunk(group.list).append(row.element);
    measure(row.element.parentNode);
    if (focused) row.link.focus({ preventScroll: true });
    group.shown += !row.element.hidden;
    this.tellCount(group);
  }

  /** Whether a row that is not here yet would come behind all others. */
  isLast(row) {
    const [key] = this.groupOf(row);
    const group = this.groups.find((one) => one.key === key);
    return !group || position(group.rows, row, this.compare) === group.rows.length;
  }

  /** Take a row out of where it is, whichever list that is of. */
  take(row) {
    const { group } = row;
    if (!group) return;
    row.group = null;
    group.rows.splice(group.rows.indexOf(row), 1);
    const chunk = row.element.parentNode;
    row.element.remove();
    if (chunk.childElementCount) measure(chunk);
    else chunk.remove();
    group.owner.size -= 1;
    group.shown -= !row.element.hidden;
    group.owner.tellCount(group);
  }

  /** How many rows are not hidden. */
  get shown() {
    return [...this.groups, ...this.leaving].reduce((sum, group) => sum + group.shown, 0);
  }

  /** All rows, in the order in which they stand. */
  rows() {
    return [...this.groups, ...this.leaving].flatMap((group) => group.rows);
  }

  /** The order or the groups are others now: `moveOn` puts all rows anew, some at a time. */
  again() {
    this.leaving.unshift(...this.groups);
    this.groups = [];
  }

  /** Put up to so many rows where they belong since `again`; returns whether there are more. */
  moveOn(most) {
    if (!this.leaving.length) return false;
    for (const row of this.leaving.flatMap((group) => group.rows).slice(0, most)) this.place(row);
    return this.leaving.length > 0;
  }

  /** Show or hide one row; returns whether the browser has to draw that. */
  filterOne(row, wanted) {
    if (!row.group || row.element.hidden === !wanted) return false;
    row.element.hidden = !wanted;
    row.group.shown += wanted ? 1 : -1;
    this.tellCount(row.group);
    return Boolean(row.element.parentNode?.drawn);
  }

  /** Whether somebody may see a row; in a short list, from the start on. */
  isNear(row) {
    if (row.element.hidden || !row.group) return false;
    return row.element.parentNode.drawn ?? row.group.owner.size <= FEW;
  }

  lastChunk(list) {
    let chunk = list.lastElementChild;
    if (!chunk || chunk.childElementCount >= CHUNK_ROWS) {
      chunk = el("div", {
        class: "chunk", role: "presentation", oncontentvisibilityautostatechange: ({ target, skipped }) => {
          target.drawn = !skipped;
          this.onSight([...target.children].map((element) => element.row));
        },
      });
      if (!SKIPS) chunk.drawn = true;
      list.append(chunk);
    }
    return chunk;
  }

  tellCount(group) {
    group.element.hidden = group.shown === 0;
    if (!group.rows.length) {
      group.element.remove();
      this.groups = this.groups.filter((one) => one !== group);
      this.leaving = this.leaving.filter((one) => one !== group);
    } else if (group.number) {
      say(group.number, String(group.shown));
    }
  }

  group(key, heading) {
    const known = this.groups.find((group) => group.key === key);
    if (known) return known;
    const list = el("div", { class: "calls", role: "list", "aria-label": heading || this.label });
    const number = heading && el("span", { class: "number" });
    const element = el("section", { class: "group" });
    fill(element, heading && el("h3", {}, heading, " ", number), list);
    const group = { key, list, element, number, rows: [], shown: 0, owner: this };
    const at = this.groups.findIndex((other) => this.compareGroups(other.key, key) > 0);
    if (at < 0) {
      this.groups.push(group);
      this.element.insertBefore(element, this.leaving[0]?.element ?? null);
    } else {
      this.groups[at].element.before(element);
      this.groups.splice(at, 0, group);
    }
    return group;
  }
}

function position(rows, row, compare) {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(rows[middle], row) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Tell the browser what to take a chunk for that it never painted. */
function measure(chunk) {
  chunk.style.containIntrinsicBlockSize = `auto ${chunk.childElementCount * ROW_PX}px`;
}
