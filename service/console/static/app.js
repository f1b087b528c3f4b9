// The frame around the views: addresses, who is signed in, colours, shortcuts.

import { openCall } from "./view-call.js";
import { openCalls } from "./view-calls.js";
import { openDeliveries } from "./view-deliveries.js";
import { openSearch } from "./view-search.js";
import { askToSignIn, openSignIn } from "./sign-in.js";
import { bindShortcuts } from "./shortcuts.js";
import { fill, say } from "./dom.js";
import { changes, session, signOut, takeToken } from "./session.js";
import { bindTheme } from "./theme-button.js";
import { timeOfDay } from "./words.js";

const WARN_MS = 10 * 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const VIEWS = [
  [/^\/calls\/([^/]+)$/, "calls", openCall],
  [/^\/calls$/, "calls", openCalls],
  [/^\/search$/, "search", openSearch],
  [/^\/deliveries$/, "deliveries", openDeliveries],
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const notice = document.getElementById("notice");
let view = null;
let timers = [];

/** A token in the address is taken and taken out of it, before anything else happens. */
function takeFromAddress() {
  const given = /^#token=([^&]+)(?:&(.*))?$/.exec(location.hash);
  if (!given) return;
  history.replaceState(null, "", `${location.pathname}${given[2] ? `#${given[2]}` : ""}`);
  if (!takeToken(decodeURIComponent(given[1]))) {
    warn("The link's access is over. Sign in, or ask for a new link.");
  }
}

function warn(text, ...more) {
  fill(notice, text, ...more);
  notice.hidden = !text;
}

function show() {
  takeFromAddress();
  view?.close();
  view = null;
  setConnection("");
  const signedIn = session.signedIn;
  const all = signedIn && !session.callId;
  nav.hidden = !all;
  document.getElementById("sign-out").hidden = !signedIn;
  if (!signedIn) {
    document.title = "Sign in · Callscribe";
    fill(main);
    view = openSignIn(main);
    return;
  }
  const home = session.callId ? `#/calls/${encodeURIComponent(session.callId)}` : "#/calls";
  document.querySelector(".brand").setAttribute("href", home);
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const found = VIEWS.map(([pattern, page, open]) => [pattern.exec(path), page, open]).find(([match]) => match);
  if (!found || (session.callId && found[0][1] !== encodeURIComponent(session.callId))) {
    history.replaceState(null, "", home);
    show();
    return;
  }
  const [match, page, open] = found;
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  fill(main);
  scrollTo(0, 0);
  view = open(main, {
    id: match[1] ? decodeURIComponent(match[1]) : null,
    query: new URLSearchParams(query ?? ""),
    setConnection,
    setTitle: (title) => { document.title = `${title} · Callscribe`; },
  });
}

function setConnection(state) {
  const element = document.getElementById("connection");
  const texts = { connecting: "Connecting", live: "Live", waiting: "Reconnecting", refused: "Not live" };
  element.dataset.state = state;
  say(element, texts[state] ?? "");
}

/** Tell politely, ten minutes before, that the access will be over. */
function watchExpiry() {
  timers.forEach(clearTimeout);
  timers = [];
  warn("");
  if (!session.signedIn) return;
  const left = session.expires - Date.now();
  const after = (ms, action) => timers.push(setTimeout(action, Math.min(LONGEST_TIMER_MS, Math.max(0, ms))));
  after(Math.max(left - WARN_MS, left / 2), () => {
    const renew = document.createElement("button");
    renew.type = "button";
    renew.textContent = "Renew";
    renew.addEventListener("click", () => askToSignIn("Renew your access"));
    warn(`Your access ends at ${timeOfDay(session.expires)}. `, renew);
  });
  after(left, () => askToSignIn("Your access is over"));
}

changes.addEventListener("in", () => {
  watchExpiry();
  if (!view || !view.renewed) show();
  else view.renewed();
});
changes.addEventListener("out", () => { watchExpiry(); history.replaceState(null, "", "#/calls"); show(); });
changes.addEventListener("refused", () => askToSignIn("Your access is over"));
addEventListener("hashchange", () => {
  show();
  main.querySelector("h1")?.focus({ preventScroll: true });
});
document.getElementById("sign-out").addEventListener("click", signOut);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names the page, not a place in it
  main.focus();
});

bindTheme(document.getElementById("theme"));
bindShortcuts(document.getElementById("shortcuts"), () => view);
takeFromAddress();
watchExpiry();
show();
