// Who we are to the API: a short-lived token in this tab's memory, never a key.

import { Problem, problem } from "./problem.js";

const KEPT = "callscribe.token";
const SHIFT_S = 8 * 3600;
const WANTED = [
  ["calls:read", "calls:write", "live", "admin"],
  ["calls:read", "calls:write", "live"],
  ["calls:read", "live"],
  ["calls:read"],
  ["live"],
];
/** Told of sign-in ("in"), sign-out ("out") and of a token that is no longer taken ("refused"). */
export const changes = new EventTarget();

let token = sessionStorage.getItem(KEPT);
let aheadMs = 0;

/** The service's time, in milliseconds: this machine's clock, put right where it is far off. */
export function now() {
  return Date.now() + aheadMs;
}

function setClock(answer) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (Number.isNaN(told)) return;
  const ahead = told + 500 - Date.now();
  aheadMs = Math.abs(ahead) > 3000 ? ahead : 0;
}

/** What a token says of itself; null if it is none. It is only read here, the API checks it. */
function contents(text) {
  try {
    const body = text.replace(/^cst_/, "").split(".")[0].replaceAll("-", "+").replaceAll("_", "/");
    const { s, c, e, b } = JSON.parse(atob(body));
    if (!Number.isFinite(e)) return null;
    return { scopes: s ?? [], callId: c ?? null, expires: e * 1000, bound: Boolean(b) };
  } catch {
    return null;
  }
}

export const session = {
  get token() { return token; },
  get signedIn() { return token !== null && (contents(token)?.expires ?? 0) > Date.now(); },
  get scopes() { return (token && contents(token)?.scopes) || []; },
  get expires() { return (token && contents(token)?.expires) || 0; },
  /** The only call that the token is good for; null for all. */
  get callId() { return (token && contents(token)?.callId) || null; },
  /** Whether it is good for calls of some routes or metadata only, and so for nothing that is about all. */
  get bound() { return Boolean(token && contents(token)?.bound); },
  may(scope) { return this.scopes.includes(scope) || this.scopes.includes("admin"); },
};

/** Take a token. Returns what is wrong with it: "broken", or "over" (and since when); or null. */
export function takeToken(text) {
  const said = text.startsWith("cst_") ? contents(text) : null;
  if (!said) return { wrong: "broken" };
  if (said.expires <= Date.now()) return { wrong: "over", since: said.expires };
  token = text;
  sessionStorage.setItem(KEPT, text);
  changes.dispatchEvent(new Event("in"));
  return null;
}

/** Exchange an API key for a token with what the key may do here; the key is not kept. */
export async function exchangeKey(key) {
  for (const scopes of WANTED) {
    const answer = await fetch("v1/tokens", {
      method: "POST",
      headers: { "Authorization": `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ scopes, call_id: null, expires_in_s: SHIFT_S }),
      cache: "no-store",
    });
    if (answer.status === 403) continue;
    if (!answer.ok) throw await problem(answer);
    takeToken((await answer.json()).token);
    return;
  }
  throw new Problem(403, "This key may neither read calls (calls:read) nor watch them live (live).");
}

export function signOut() {
  token = null;
  sessionStorage.removeItem(KEPT);
  changes.dispatchEvent(new Event("out"));
}

/** Call the API. Throws a `Problem`; one that is over (401) is told to the page as well. */
export async function request(path, { method = "GET", body = null, signal = null, headers = {} } = {}) {
  const sent = token;
  const options = {
    method, signal, cache: "no-store",
    headers: { "Authorization": `Bearer ${sent}`, ...headers },
  };
  if (body !== null) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The service cannot be reached.");
  }
  setClock(answer);
  if (answer.status === 401 && sent === token) changes.dispatchEvent(new Event("refused"));
  if (!answer.ok) throw await problem(answer);
  return answer;
}

/** Get JSON; waits once where the API asks to be asked more slowly. */
export async function get(path, { signal = null } = {}) {
  try {
    return await (await request(path, { signal })).json();
  } catch (error) {
    if (error.status !== 429 || error.retryAfterS > 10) throw error;
    await new Promise((resolve) => setTimeout(resolve, 1000 * Math.max(1, error.retryAfterS)));
    return (await request(path, { signal })).json();
  }
}

/** A path with a query; what is empty is left out. */
export function withQuery(path, query) {
  const entries = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return entries.length ? `${path}?${new URLSearchParams(entries)}` : path;
}
