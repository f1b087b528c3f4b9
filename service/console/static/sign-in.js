// Signing in: a key is exchanged at once for a token, and is kept nowhere.

import { el, say } from "./dom.js";
import { exchangeKey, takeToken } from "./session.js";

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
      "A key (csk_…) is exchanged for a token that ends by itself, and is not kept. Make one with ",
      el("code", {}, "callscribe keys create"), "."),
    error, button);
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
    if (!takeToken(given)) throw Object.assign(new Error("This token is over, or is not whole."), { status: 0 });
  } else if (given.startsWith("csk_")) {
    await exchangeKey(given);
  } else {
    throw Object.assign(new Error("A key starts with csk_, a token with cst_."), { status: 0 });
  }
}

/** The page of somebody who is not signed in. */
export function openSignIn(main) {
  const { element, field } = form();
  main.append(el("section", { class: "welcome" },
    el("h1", { tabindex: "-1" }, "Sign in"),
    el("p", { class: "lead" }, "Watch calls being transcribed, look them up, and see that everything arrived."),
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
    el("p", {}, "Sign in to go on where you are."),
    element,
    el("p", { class: "actions" }, el("button", { type: "button", onclick: () => dialog.close() }, "Not now")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
