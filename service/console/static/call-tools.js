// What may be done with a call: its files, its address, its text, and its end.

import { copy } from "./clipboard.js";
import { el, say, tell } from "./dom.js";
import { menuOf } from "./menu.js";
import { request, session, withQuery } from "./session.js";
import { clock, speaker } from "./words.js";

const FORMATS = [
  ["txt", "Text"], ["srt", "Subtitles (SRT)"], ["vtt", "Subtitles (WebVTT)"], ["csv", "Table (CSV)"],
  ["json", "JSON"], ["jsonl", "Events (JSON Lines)"],
];

/** The menus of one call; `failed(text)` is told what went wrong. */
export class CallTools {
  constructor(callId, { failed, transcript }) {
    Object.assign(this, { callId, failed, transcript });
    this.path = `v1/calls/${encodeURIComponent(callId)}`;
    this.files = session.may("calls:read") && menuOf("Export", [
      ...FORMATS.map(([format, name]) => [name, () => this.download("transcript", { format }, `call.${format}`)]),
      ["Recording (WAV)", () => this.download("audio", {}, `call-${this.callId}.wav`), "recording"],
    ]);
    this.more = menuOf("More", [
      ["Copy link", () => copy(this.link, "The link is copied.")],
      ["Copy call id", () => copy(callId, "The id is copied.")],
      ["Copy text", () => copy(this.text(), "The text is copied.")],
      session.may("calls:read") && !session.callId && ["Deliveries", () => { location.hash = `#/deliveries?${new URLSearchParams({ call: callId })}`; }],
      session.may("admin") && ["Erase …", () => this.askToErase(), "danger"],
    ]);
    this.recorded(false);
  }

  get elements() {
    return [this.files, this.more];
  }

  /** Where this call is to be found, by whoever may; without our own access. */
  get link() {
    return `${location.origin}${location.pathname}#/calls/${encodeURIComponent(this.callId)}`;
  }

  /** The words as they stand: a line for each utterance. */
  text() {
    const spoken = this.transcript.rows.filter((row) => row.at && row.settled);
    return spoken.map((row) => `${clock(row.startMs)} ${speaker(row.role)}: ${row.text}`).join("\n");
  }

  /** Whether there is a recording to be had. */
  recorded(there) {
    const item = this.files && this.files.querySelector(".recording");
    if (item) item.parentNode.hidden = !there;
  }

  /** Fetch a file and hand it on: its address would have our token in it. */
  async download(what, query, name) {
    tell("The file is being fetched.");
    try {
      const answer = await request(withQuery(`${this.path}/${what}`, query));
      const given = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1];
      const address = URL.createObjectURL(await answer.blob());
      el("a", { href: address, download: given ?? name.replace(/[^\w.-]+/g, "_") }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      tell("The file is downloaded.");
    } catch (error) {
      this.failed(error.message);
    }
  }

  askToErase() {
    const error = el("p", { class: "error", role: "alert" });
    const yes = el("button", { type: "button", class: "danger" }, "Erase it");
    const no = el("button", { type: "button", onclick: () => dialog.close() }, "Keep it");
    const dialog = el("dialog", { class: "sheet", "aria-labelledby": "erase-title" },
      el("h2", { id: "erase-title" }, "Erase this call?"),
      el("p", {}, "Its words, numbers, recording and metadata are deleted for good; that there was a call is all that is kept. " +
        "Endpoints are told. Nobody can undo it."),
      error, el("p", { class: "actions" }, no, " ", yes));
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      try {
        await request(this.path, { method: "DELETE" });
        dialog.close();
        tell("The call is erased.");
      } catch (problem) {
        say(error, problem.message);
        yes.disabled = false;
      }
    });
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  }
}
