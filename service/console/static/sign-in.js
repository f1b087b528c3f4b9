// Signing in: a key is exchanged at once for a token, and is kept nowhere.

import { el, say } from "./dom.js";
import { exchangeKey, takeToken } from "./session.js";
import { exactly } from "./words.js";

const MAKES_KEY = "callscribe keys create --name console --scope calls:read --scope calls:write --scope live";

/** The form; `done` is called once there is a token. */
function form(done = () => {}) {
  const field = el("input", {
    id: "credential", type: "password", autocomplete: "off", spellcheck: "false", required: true,
    "aria-describedby": "credential-hint credential-error",
  });
  const error = el("p", { id: "credential-error", class: "error", role: "alert" });
  const button = el("button", { type: "submit", class: "primary" }, "Sign in");
  const element = el("form", { class: "sign-in", novalidate: true },
    el("label", { for: "credential" }, "API key or token"),
    field,
    el("p", { id: "credential-hint", class: "hint" },
      "A key (csk_…) is exchanged for a token that ends by itself, and is not kept."),
    error, button,
    el("details", { class: "hint" },
      el("summary", {}, "Where do I get a key?"),
      el("p", {}, "Whoever runs the service makes one, where it runs:"),
      el("pre", { tabindex: "0" }, el("code", { class: "command" }, MAKES_KEY)),
      el("p", {}, "calls:read shows calls, search and deliveries; live shows them as they go on; calls:write pauses, " +
        "resumes and retries. A key with the scope admin may do all of it, and erase calls and switch endpoints.")));
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = field.value.trim();
    say(error, "");
    button.disabled = true;
    try {
      await signIn(given);
      field.value = "";
      done();
    } catch (problem) {
      say(error, problem.status === undefined ? "The service cannot be reached." : problem.message);
      field.setAttribute("aria-invalid", "true");
      field.select();
    } finally {
      button.disabled = false;
    }
  });
  return { element, field };
}

async function signIn(given) {
  if (given.startsWith("cst_")) {
    const refused = takeToken(given);
    if (refused) throw Object.assign(new Error(whyRefused("token", refused)), { status: 0 });
  } else if (given.startsWith("csk_")) {
    await exchangeKey(given);
  } else {
    throw Object.assign(new Error("A key starts with csk_, a token with cst_."), { status: 0 });
  }
}

/** What is wrong with a token or a link, in words. */
export function whyRefused(what, { wrong, since }) {
  if (wrong === "broken") return `This ${what} is not whole: copy all of it.`;
  return `This ${what} was good until ${exactly(since)}.`;
}

/** The page of somebody who is not signed in; `why` says why they are not any more. */
export function openSignIn(main, why = "") {
  const { element, field } = form();
  main.append(el("section", { class: "welcome" },
    el("h1", { tabindex: "-1" }, "Sign in"),
    el("p", { class: "lead" }, "Watch calls being transcribed, look them up, and see what arrived where."),
    why && el("p", { class: "error", role: "alert" }, why, " Ask for a new link, or sign in with a key."),
    element));
  field.focus();
  return { close() {} };
}

/** Ask over the page for a new token, so that nothing of it is lost. */
export function askToSignIn(title) {
  if (document.getElementById("sign-in-again")) return;
  const { element } = form(() => dialog.close());
  const dialog = el("dialog", { id: "sign-in-again", class: "sheet", "aria-labelledby": "again-title" },
    el("h2", { id: "again-title" }, title),
    el("p", {}, "Sign in to go on where you are. If you came by a link, ask for a new one and paste what is behind #token= in it."),
    element,
    el("p", { class: "actions" }, el("button", { type: "button", onclick: () => dialog.close() }, "Not now")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
