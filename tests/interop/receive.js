// A receiver that believes Standard Webhooks' own package, for Node. In: JSON {secrets, publicKey, busy};
// out: a JSON line {port}, then one for each request: how many signatures it has, by which secrets the
// package verifies it, whether the Ed25519 signature (`v1a`) fits, and what it brings.
// The first `busy` requests to a path that ends in /busy are answered 503.
const crypto = require("node:crypto");
const http = require("node:http");
const { Webhook } = require("standardwebhooks");

const given = JSON.parse(process.argv[2]);
const webhooks = given.secrets.map((secret) => new Webhook(secret));
// The package for Node does not know `v1a`: Node itself does, once the key has its usual prefix.
const publicKey = crypto.createPublicKey({
  key: Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(given.publicKey.replace(/^whpk_/, ""), "base64"),
  ]),
  format: "der",
  type: "spki",
});
let busy = given.busy;

function verified(webhook, body, headers) {
  try {
    webhook.verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

function signedByKey(body, headers, signatures) {
  const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  return signatures
    .filter((signature) => signature.startsWith("v1a,"))
    .some((signature) =>
      crypto.verify(null, Buffer.from(text), publicKey, Buffer.from(signature.slice(4), "base64")),
    );
}

function told({ url, headers }, body) {
  const signatures = headers["webhook-signature"].split(" ");
  const parsed = JSON.parse(body);
  const events = Array.isArray(parsed) ? parsed : [parsed];
  return {
    path: url,
    id: headers["webhook-id"],
    signatures: signatures.length,
    believed: webhooks.map((webhook) => verified(webhook, body, headers)),
    believedChanged: webhooks.map((webhook) => verified(webhook, body + " ", headers)),
    key: signedByKey(body, headers, signatures),
    array: Array.isArray(parsed),
    seqs: events.map((event) => event.data.seq),
    types: events.map((event) => event.type),
  };
}

const server = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    if (request.url.endsWith("/busy") && busy > 0) {
      busy -= 1;
      response.writeHead(503).end();
      return;
    }
    console.log(JSON.stringify(told(request, Buffer.concat(parts).toString())));
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
