// The live feed, as the console follows it: with its session.

import { FeedClient } from "./follow.js";
import { changes, request, session, withQuery } from "./session.js";

/** Follow a feed until `stop()`; `options` are those of `FeedClient`. */
export class Feed extends FeedClient {
  constructor(path, { query = {}, ...options }) {
    super((connecting) => request(withQuery(path, query), connecting), { refused: signedInAgain, ...options });
  }
}

/** After 401: once somebody has signed in, it is worth another try. */
async function signedInAgain(problem) {
  if (problem.status !== 401) return false;
  await new Promise((resolve) => changes.addEventListener("in", resolve, { once: true }));
  return true;
}

/** Whether the token may follow a feed. */
export function mayFollow() {
  return session.may("live");
}
