// Marks on parts of texts, painted by the browser: the page's elements stay as they are.

/** Whether this browser can; where it cannot, nothing is marked, and all else works. */
const able = globalThis.CSS?.highlights !== undefined && globalThis.Highlight !== undefined;

/** The part of an element's text from one letter to another, however that text is split. */
export function rangeIn(element, from, to) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let [start, startAt, done] = [null, 0, 0];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const end = done + node.length;
    if (!start && from < end) [start, startAt] = [node, from - done];
    if (start && to <= end) {
      return new StaticRange({ startContainer: start, startOffset: startAt, endContainer: node, endOffset: to - done });
    }
    done = end;
  }
  return null;
}

/** Mark these parts and no others by this name, for which the style sheet has a look. */
export function mark(name, ranges) {
  if (!able) return;
  CSS.highlights.set(name, new Highlight(...ranges.filter(Boolean)));
}

/** Marks that come and go one by one. */
export class Marks {
  constructor(name) {
    this.name = name;
    this.highlight = able ? new Highlight() : null;
    if (able) CSS.highlights.set(name, this.highlight);
  }

  /** Put these marks in the place of those that somebody (`owner`) has. */
  replace(owner, ranges) {
    for (const range of owner.marks ?? []) this.highlight?.delete(range);
    owner.marks = ranges.filter(Boolean);
    for (const range of owner.marks) this.highlight?.add(range);
  }

  close() {
    this.highlight?.clear();
  }
}
