// Where events go, what did not get there, and what was tried.

import { Attempts } from "./attempts.js";
import { el, fill, say } from "./dom.js";
import { endpointCard, sayNothingParked } from "./endpoint-card.js";
import { Parked } from "./parked.js";
import { get, now, session } from "./session.js";
import { timeOfDay } from "./words.js";

const AGAIN_MS = 5000;

export function openDeliveries(main, { query, setTitle }) {
  const page = new DeliveriesPage(query.get("call"));
  main.append(page.element);
  setTitle("Deliveries");
  page.refresh();
  return page;
}

class DeliveriesPage {
  constructor(callId) {
    const told = (text) => say(this.result, text);
    this.told = told;
    this.attempts = callId && new Attempts(callId);
    this.parked = new Parked({ told, changed: () => this.refresh() });
    this.error = el("p", { class: "error", role: "alert" });
    this.result = el("p", { class: "summary", role: "status" });
    this.endpoints = el("ul", { class: "endpoints" });
    this.none = el("p", { class: "empty", hidden: true });
    this.some = el("p", { class: "hint", hidden: true },
      "An endpoint refused these for good, or did not take them for days. The events after them went on.");
    this.known = el("div", { class: "known" },
      el("section", { "aria-labelledby": "endpoints-title", hidden: session.bound },
        el("h2", { id: "endpoints-title" }, "Endpoints"), this.endpoints,
        el("p", { class: "hint" }, "Figures are since the service was started.")),
      el("section", { "aria-labelledby": "parked-title" },
        el("div", { class: "titled" }, el("h2", { id: "parked-title" }, "Parked"), this.parked.all),
        this.some, this.none, this.parked.element, this.parked.more));
    this.known.hidden = true;
    this.element = el("div", { class: "page wide" },
      el("h1", { tabindex: "-1" }, "Deliveries"), this.error, this.result,
      this.attempts?.element, this.known);
  }

  close() {
    this.closed = true;
    this.parked.close();
    clearTimeout(this.timer);
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      const asked = session.bound ? { data: [] } : get("v1/endpoints");
      const [endpoints, anyParked] = await Promise.all([asked, this.parked.refresh(), this.attempts?.refresh()]);
      if (this.closed) return;
      say(this.error, "");
      this.asOf = timeOfDay(now());
      this.showEndpoints(endpoints.data);
      sayNothingParked(this.none, endpoints.data, this.asOf);
      this.none.hidden = anyParked;
      this.some.hidden = !anyParked;
      this.known.hidden = false;
    } catch (error) {
      // what was so before may not be so now: nothing is better than something that is not true
      this.none.hidden = true;
      const since = this.asOf ? ` What is below was so at ${this.asOf}.` : "";
      if (error.status !== 401) say(this.error, `${error.message}${since}`);
    }
    if (!this.closed) this.timer = setTimeout(() => this.whenSeen(), AGAIN_MS);
  }

  whenSeen() {
    if (!document.hidden) this.refresh();
    else this.timer = setTimeout(() => this.whenSeen(), AGAIN_MS);
  }

  showEndpoints(endpoints) {
    const shown = JSON.stringify(endpoints);
    if (shown === this.shown) return; // nothing changed: whoever reads or selects is not disturbed
    this.shown = shown;
    const focused = this.pressed ?? document.activeElement?.dataset?.act;
    this.pressed = null;
    const changed = (pressed) => { this.pressed = pressed; this.shown = null; this.refresh(); };
    fill(this.endpoints, endpoints.map((one) => endpointCard(one, { told: this.told, changed })));
    if (!endpoints.length) fill(this.endpoints, el("li", { class: "empty" }, "No endpoints are configured: nothing is delivered anywhere."));
    if (!focused) return;
    const again = this.endpoints.querySelector(`[data-act="${CSS.escape(focused)}"]`);
    (again ?? this.element.querySelector("h1")).focus({ preventScroll: true });
  }
}
