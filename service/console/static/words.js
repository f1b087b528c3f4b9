// How times, numbers and names are written.

/** A place on the call clock: 0:08, 12:34, 1:02:03. */
export function clock(ms) {
  if (ms === null || ms === undefined) return "–:––";
  const negative = ms < 0 ? "−" : "";
  const all = Math.floor(Math.abs(ms) / 1000);
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (value) => String(value).padStart(2, "0");
  return negative + (hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`);
}

/** How long, in words: 450 ms, 1.2 s, 3 min 4 s. */
export function span(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms === 0) return "0 s";
  if (ms < 950) return `${Math.round(ms)} ms`;
  if (ms < 59_500) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** When, as short as it is clear: the time today, the day before that. */
export function when(text, now = new Date()) {
  if (!text) return "–";
  const date = new Date(text);
  const today = date.toDateString() === now.toDateString();
  return today ? time.format(date) : `${day.format(date)}, ${time.format(date)}`;
}

/** The time of day; what stands under the heading of its day needs no more. */
export function shortTime(text) {
  return text ? time.format(new Date(text)) : "–";
}

/** The day of a time, by which days are told apart and put in order: 2026-11-30, here. */
export function dayOf(text) {
  const date = text ? new Date(text) : new Date();
  const two = (value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const weekdayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

/** What a day is called: Today, Yesterday, Saturday 28 November. */
export function dayName(day, today = new Date()) {
  if (day === dayOf(today)) return "Today";
  const before = new Date(today);
  before.setDate(before.getDate() - 1);
  if (day === dayOf(before)) return "Yesterday";
  const date = new Date(`${day}T12:00:00`);
  return (date.getFullYear() === today.getFullYear() ? weekday : weekdayOfYear).format(date);
}

/** When, to the second. */
export function exactly(text) {
  return text ? full.format(new Date(text)) : "–";
}

/** The time of day, to the second. */
export function timeOfDay(text) {
  return seconds.format(new Date(text));
}

/** A telephone number in groups, where it is known how they are grouped. */
export function phone(number) {
  if (!number) return "unknown number";
  const parts = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  return parts ? `+1 ${parts[1]} ${parts[2]} ${parts[3]}` : number;
}

/** What a recogniser is called: vendors by their names, one's own by what it is. */
export function engineName(engine, model) {
  const name = engine === "local" ? "your own recogniser" : engine;
  return [name, model].filter(Boolean).join(" ");
}

const languages = new Intl.DisplayNames("en", { type: "language" });

/** A language by its code: American English for en-US. */
export function language(code) {
  if (code === "multi" || code === "auto") return "any language";
  try {
    return languages.of(code);
  } catch {
    return code; // an engine's own word
  }
}

const ROLES = { customer: "Customer", agent: "Agent" };

/** Who speaks. A role is never guessed. */
export function speaker(role) {
  return ROLES[role] ?? "Speaker";
}

/** The role as the style sheet knows it. */
export function roleName(role) {
  return role in ROLES ? role : "unknown";
}

/** One or many. */
export function count(number, one, many = `${one}s`) {
  return `${new Intl.NumberFormat().format(number)} ${number === 1 ? one : many}`;
}

const STATES = {
  unknown: "", ringing: "Ringing", talking: "Talking", ending: "Ending", complete: "Complete", erased: "Erased",
  paused: "Paused", degraded: "Degraded", silent: "Silent",
};

/** The state of a call. */
export function state(status) {
  return STATES[status] ?? status;
}

/** A reason as events give it: words with underscores. */
export function plain(reason) {
  return String(reason ?? "").replaceAll("_", " ");
}
