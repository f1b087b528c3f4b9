// Verifies webhooks with Telnyx's own package. In: a JSON line {publicKey, webhooks: [{headers, body}]};
// out: a JSON line with, for each, {event} or {refused}.
const Telnyx = require("telnyx");

async function unwrap(client, { headers, body }) {
  try {
    const { data } = await client.webhooks.unwrap(body, { headers });
    return { event: data.event_type };
  } catch (error) {
    return { refused: error.name };
  }
}

(async () => {
  const { publicKey, webhooks } = JSON.parse(process.argv[2]);
  const client = new Telnyx({ apiKey: "none", publicKey });
  const results = await Promise.all(webhooks.map((webhook) => unwrap(client, webhook)));
  console.log(JSON.stringify(results));
})();
