// One endpoint: how it does, what it waits for and why, and what may be done about it.

import { el, say } from "./dom.js";
import { why } from "./reasons.js";
import { request, session } from "./session.js";
import { count, exactly, span, when } from "./words.js";

const STATES = {
  up: (one) => (one.lanes_behind ? behind(one) : "Nothing waits"),
  failing: (one) => (one.lanes_behind ? `Nobody answers there: ${behind(one)}` : "Nobody answered there last"),
  disabled: (one) => `Disabled: ${why(one.disabled_reason)}`,
  unknown: () => "Configured no more",
};
const MARKS = { up: "well", failing: "behind", disabled: "disabled", unknown: "disabled" };

/** An item of the list of endpoints; `told(text)` says what came of an action, `changed()` that one did. */
export function endpointCard(one, { told, changed }) {
  const state = one.state === "up" && one.lanes_behind ? "behind" : MARKS[one.state];
  return el("li", { class: "endpoint" },
    el("h3", {}, one.name, " ", one.type && el("span", { class: "type" }, one.type)),
    el("p", { class: "state", "data-state": state }, STATES[one.state](one)),
    waiting(one), lastError(one),
    el("dl", {}, figure("Delivered", one.delivered), figure("Retried", one.retried), figure("Given up", one.parked)),
    acts(one, told, changed));
}

function behind(one) {
  return `${count(one.lanes_behind, "call")} behind`;
}

function figure(name, value) {
  const loud = name === "Given up" && value > 0;
  return el("div", { class: loud ? "figure loud" : "figure" },
    el("dt", {}, name), el("dd", {}, new Intl.NumberFormat().format(value)));
}

/** What it did not get, and since when; for one that gets nothing until somebody acts, what is to be done. */
function waiting(one) {
  if (!one.lanes_behind) return null;
  // when that happened, not since when it waits: after a replay the two differ
  const since = one.behind_since && ["the oldest is of ", el("span", { title: exactly(one.behind_since) }, when(one.behind_since))];
  if (one.state === "up" || one.state === "failing") return el("p", { class: "hint" }, since && ["Waits: ", since, "."]);
  const remedy = one.state === "disabled" ? " Until it is enabled it gets nothing." : [
    " Give it to another one or give it up, where the service runs: ",
    el("code", {}, `callscribe endpoints move ${one.name} NEW`), " or ", el("code", {}, `callscribe endpoints park ${one.name}`), "."];
  return el("p", { class: "hint" }, `${behind(one)}`, since && [", ", since], ".", remedy);
}

function lastError(one) {
  const error = one.last_error;
  if (!error) return null;
  const status = error.status ? `${error.status} after ` : "No answer, after ";
  return el("div", { class: "last-error" },
    el("p", {}, el("strong", {}, "Last error "), status, span(error.took_ms), ", ",
      el("span", { title: exactly(error.made_at) }, when(error.made_at)), ". ",
      el("a", { href: `#/deliveries?${new URLSearchParams({ call: error.call_id })}`, "aria-label": `All attempts at events of this call, to ${one.name} too` }, "All attempts")),
    error.answer && el("blockquote", { class: "answer" }, error.answer));
}

function acts(one, told, changed) {
  if (!one.type || !session.may("admin")) return null;
  const act = (name, label, done) => {
    const button = el("button", { type: "button", "data-act": `${name} ${one.name}`, "aria-label": `${label} ${one.name}`, onclick: async () => {
      button.disabled = true;
      try {
        const path = `v1/endpoints/${encodeURIComponent(one.name)}/${name}`;
        told(done(await (await request(path, { method: "POST" })).json()));
      } catch (error) {
        told(`${label} ${one.name}: ${error.message}`);
      }
      button.disabled = false;
      changed(button.dataset.act);
    } }, label);
    return button;
  };
  return el("p", { class: "actions" },
    one.state === "disabled" && act("enable", "Enable", () => `${one.name} is enabled, and gets what it missed.`),
    one.state !== "disabled" && one.lanes_behind > 0 && act("enable", "Try now", hurried),
    act("test", "Send a test", tested));
}

function hurried({ name, hurried: calls }) {
  return calls ? `What waited at ${name} of ${count(calls, "call")} is tried now.` : `Nothing at ${name} waits for its next try.`;
}

function tested(result) {
  const took = span(result.took_ms);
  if (result.arrived) return `The test arrived at ${result.name} in ${took}.`;
  return `The test did not arrive at ${result.name}: ${result.error ?? "no answer"}, after ${took}.`;
}

/**
 * What may be said when nothing is parked. Never that everything arrived: what was given up may have
 * been forgotten since, and what is on its way is not there yet.
 */
export function sayNothingParked(element, endpoints, at) {
  const stuck = endpoints.filter((one) => one.state === "unknown" || one.state === "disabled");
  const late = endpoints.filter((one) => one.lanes_behind && !stuck.includes(one));
  const told = [];
  if (stuck.length) told.push(`${stuck.map((one) => one.name).join(", ")} gets nothing for now`);
  if (late.length) told.push(`${late.map((one) => one.name).join(", ")} did not get everything yet`);
  const also = told.length ? `, but ${told.join(", and ")}: see above` : endpoints.length ? ", and no endpoint waits for anything" : "";
  say(element, `Nothing is parked${also}. As of ${at}.`);
}
