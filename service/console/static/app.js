// The frame around the views: addresses, who is signed in, colours, shortcuts.

import { openCall } from "./view-call.js";
import { openCalls } from "./view-calls.js";
import { openDeliveries } from "./view-deliveries.js";
import { openSearch } from "./view-search.js";
import { askToSignIn, openSignIn, whyRefused } from "./sign-in.js";
import { bindShortcuts } from "./shortcuts.js";
import { el, fill, say } from "./dom.js";
import { changes, session, signOut, takeToken } from "./session.js";
import { bindTheme } from "./theme-button.js";
import { exactly, timeOfDay } from "./words.js";

const WARN_MS = 10 * 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What each address shows, and the scopes of which one is enough for it. */
const VIEWS = [
  [/^\/calls\/([^/]+)$/, "calls", openCall, ["calls:read", "live"]],
  [/^\/calls$/, "calls", openCalls, ["calls:read", "live"]],
  [/^\/search$/, "search", openSearch, ["calls:read"]],
  [/^\/deliveries$/, "deliveries", openDeliveries, ["calls:read"]],
];

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const notice = document.getElementById("notice");
let view = null;
let timers = [];
let turnedAway = "";
let showing = false;

/** A token in the address is taken and taken out of it, before anything else happens. */
function takeFromAddress() {
  const given = /^#token=([^&]*)(?:&(.*))?$/.exec(location.hash);
  if (!given) return;
  history.replaceState(null, "", `${location.pathname}${given[2] ? `#${given[2]}` : ""}`);
  const refused = takeToken(decoded(given[1]));
  if (refused) turnAway(whyRefused("link", refused));
}

/** Say why a link opens nothing: where one has to sign in, or above what one may see all the same. */
function turnAway(why) {
  if (session.signedIn) warn(`${why} You go on with the access that you have.`);
  else turnedAway = why;
}

/** A part of an address; what was cut in the middle of a character is taken as it stands. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function warn(text, ...more) {
  fill(notice, text, ...more);
  notice.hidden = !text;
}

function show() {
  showing = true; // what it takes from the address is shown below
  takeFromAddress();
  showing = false;
  view?.close();
  view = null;
  setConnection("");
  fill(main);
  showFrame();
  if (!session.signedIn) {
    document.title = "Sign in · Callscribe";
    view = openSignIn(main, turnedAway || overSince());
    return;
  }
  turnedAway = "";
  const [path, query] = location.hash.replace(/^#/, "").split("?");
  const found = VIEWS.map(([pattern, ...rest]) => [pattern.exec(path), ...rest]).find(([match]) => match);
  if (!found || (session.callId && decoded(found[0][1] ?? "") !== session.callId)) {
    history.replaceState(null, "", home());
    show();
    return;
  }
  const [match, page, open, scopes] = found;
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  view = (scopes.some((scope) => session.may(scope)) ? open : openNothing(scopes))(main, {
    id: match[1] ? decoded(match[1]) : null,
    query: new URLSearchParams(query ?? ""),
    setConnection,
    setTitle: (title) => { document.title = `${title} · Callscribe`; },
  });
}

/** Where the access leads first: all calls, or the only one that it is for. */
function home() {
  return session.callId ? `#/calls/${encodeURIComponent(session.callId)}` : "#/calls";
}

/** What is around every page: only links that lead somewhere. */
function showFrame() {
  nav.hidden = !session.signedIn || Boolean(session.callId);
  for (const link of nav.querySelectorAll("a")) {
    const [, , , scopes] = VIEWS.find(([, page]) => page === link.dataset.page);
    link.hidden = !scopes.some((scope) => session.may(scope));
  }
  document.getElementById("sign-out").hidden = !session.signedIn;
  document.querySelector(".brand").setAttribute("href", home());
}

/** A token of an earlier visit that is over by now. */
function overSince() {
  return session.expires ? `Your access ended on ${exactly(session.expires)}.` : "";
}

/** The page in the place of one that the access is not for. */
function openNothing(scopes) {
  return (into, { setTitle }) => {
    setTitle("No access");
    into.append(el("section", { class: "welcome" },
      el("h1", { tabindex: "-1" }, "Your access does not lead here"),
      el("p", {}, "It needs the scope ", scopes.flatMap((scope, at) => [at > 0 && " or ", el("code", {}, scope)]),
        `; yours has ${session.scopes.join(", ") || "none"}. Sign out, and in again with a key that has it.`)));
    return { close() {} };
  };
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
  if (showing) return;
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
watchExpiry();
show();
