// An example IVR on Telnyx's own SDK, with Callscribe beside it. Its webhooks are at `/`.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import Telnyx from "telnyx";
import { passOn } from "../../fixtures/clients/copies.mjs";

const { CALLSCRIBE_URL, CALLSCRIBE_KEY, COPIES, PORT } = process.env;
const ROUTE = { route: "beside", metadata: { queue: "bookings" } };
const telnyx = new Telnyx(); // by TELNYX_API_KEY, TELNYX_PUBLIC_KEY and TELNYX_BASE_URL

/** Have Callscribe transcribe a call; try until it is there. */
async function attach(leg) {
  const headers = { authorization: `Bearer ${CALLSCRIBE_KEY}`, "content-type": "application/json" };
  const body = JSON.stringify({ call_control_id: leg, ...ROUTE });
  for (;;) {
    const asked = fetch(`${CALLSCRIBE_URL}/v1/calls`, { method: "POST", headers, body });
    const answer = await asked.catch(() => null); // it may be away
    if (answer && answer.status < 500) return console.log("attached", answer.status);
    await sleep(1000);
  }
}

/** Do what the call wants. */
async function heed({ event_type: kind, payload }) {
  if (kind === "call.initiated") await telnyx.calls.actions.answer(payload.call_control_id, {});
  else if (kind === "call.answered") await attach(payload.call_control_id);
}

/** Take a webhook: believe it, pass it on, and answer; the rest is done beside. */
async function take(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const options = { headers: request.headers };
  const event = await telnyx.webhooks.unwrap(body.toString(), options).catch(() => null);
  response.writeHead(event ? 200 : 403).end(); // Telnyx waits two seconds for it
  if (!event) return;
  if (COPIES) void passOn(`${CALLSCRIBE_URL}/webhooks/telnyx`, body, request.headers);
  await heed(event.data);
}

createServer((request, response) => void take(request, response)).listen(PORT, "127.0.0.1");
