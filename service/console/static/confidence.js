// How sure the recogniser was, shown quietly: nothing where it was sure.

import { el } from "./dom.js";
import { Marks, rangeIn } from "./marks.js";

const UNSURE = 0.7; // of a whole utterance
const DOUBTFUL = 0.5; // of a word

export class Confidence {
  constructor() {
    this.marks = new Marks("doubtful");
    this.sum = 0;
    this.number = 0;
  }

  /** A final has come: note how sure it is, and say so behind it if that is little. */
  took(row, data) {
    if (data.confidence === null || data.confidence === undefined) return;
    this.sum += data.confidence;
    this.number += 1;
    if (data.confidence >= UNSURE) return;
    row.element.append(el("span", { class: "sure" },
      el("span", { class: "unseen" }, "The recogniser is sure by "), `${Math.round(100 * data.confidence)} %`));
  }

  /** The text of a row was written: mark the words that it doubts. */
  written(row, places) {
    if (!row.settled || !row.timed?.some(isDoubted)) return;
    const doubted = places(row).filter(({ index }) => isDoubted(row.timed[index]));
    this.marks.replace(row, doubted.map(({ at, end }) => rangeIn(row.words, at, end)));
  }

  get text() {
    return this.number ? `${Math.round((100 * this.sum) / this.number)} %` : "–";
  }

  close() {
    this.marks.close();
  }
}

function isDoubted(word) {
  return (word.confidence ?? 1) < DOUBTFUL;
}
