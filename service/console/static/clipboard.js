// Copying, also where the browser's own way is not there: it needs https.

import { el, tell } from "./dom.js";

/** Copy a text, and tell that it was. */
export async function copy(text, told) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyBySelection(text);
    tell(told);
    return true;
  } catch {
    tell("It could not be copied.");
    return false;
  }
}

function copyBySelection(text) {
  const focused = document.activeElement;
  const field = el("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  if (!copied) throw new Error("not copied");
}
