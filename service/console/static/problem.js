// What the API had against a request.

/** A refusal, in the words of the API. */
export class Problem extends Error {
  constructor(status, detail, retryAfterS = 0) {
    super(detail);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** Read the problem that an answer holds. */
export async function problem(answer) {
  let detail = answer.statusText || `The service answered ${answer.status}.`;
  try {
    const said = await answer.json();
    detail = said.detail || said.title || detail;
  } catch { /* not from the API: the status has to do */ }
  return new Problem(answer.status, detail, retryAfterS(answer.headers.get("Retry-After")));
}

/** The seconds of a `Retry-After`: a number, or, of proxies, a date. */
function retryAfterS(value) {
  const seconds = Number(value ?? 0);
  return Math.max(0, Number.isNaN(seconds) ? (Date.parse(value) - Date.now()) / 1000 || 0 : seconds);
}
