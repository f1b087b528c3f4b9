// What was taken out of words, in words: [CARD] is a card number, of which nothing is shown.

const NAMES = {
  "CARD": "card number",
  "CODE": "security code",
  "EMAIL": "e-mail address",
  "EXPIRY": "expiry date",
  "IBAN": "account number",
  "NUMBER": "number",
  "PCI": "card number",
  "PHONE": "phone number",
  "REDACTED": "something",
  "SSN": "social security number",
};
const LABEL = new RegExp(String.raw`\[(${Object.keys(NAMES).join("|")})(?: (…\d+))?\]`);

/** Return the parts of a text: every second one says what stood there, and what of it may be seen. */
export function parts(text) {
  const found = text.split(LABEL);
  const all = [];
  for (let at = 0; at < found.length; at += 3) {
    all.push(found[at]);
    if (at + 1 < found.length) all.push(`${NAMES[found[at + 1]]} ${found[at + 2] ?? "removed"}`);
  }
  return all;
}
