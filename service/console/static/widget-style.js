// How the widget looks. A constructed style sheet: a page's policy without inline styles allows it.
//
// A page may set the custom properties that stand first in each `var()`, and the height of the
// element; `theme="light"`, `"dark"` or `"auto"` (the system's) chooses the colours, which otherwise
// are those of the page.

export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host {
  --ground: var(--callscribe-ground, light-dark(#fbfaf7, #14171a));
  --raised: var(--callscribe-raised, light-dark(#ffffff, #1b1f23));
  --line: var(--callscribe-line, light-dark(#e2dfd6, #2e353b));
  --text: var(--callscribe-text, light-dark(#1f2326, #e6e8e9));
  --soft: var(--callscribe-soft, light-dark(#5c6166, #a3abb2));
  --accent: var(--callscribe-accent, light-dark(#14606b, #6fc6d0));
  --on-accent: var(--callscribe-on-accent, light-dark(#ffffff, #0d1f22));
  --customer: var(--callscribe-customer, light-dark(#1f57a8, #8fb8f5));
  --agent: var(--callscribe-agent, light-dark(#1a6b45, #7fd0a3));
  --unknown: var(--callscribe-unknown, light-dark(#75438f, #cfa5e6));
  --trouble: var(--callscribe-trouble, light-dark(#9a3412, #f5a97f));
  display: block;
  block-size: 24rem;
  min-block-size: 8rem;
  color: var(--text);
  font: var(--callscribe-font, 400 .9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif);
  text-align: start;
}
:host([hidden]), [hidden] { display: none !important; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([theme="auto"]) { color-scheme: light dark; }
*, *::before { box-sizing: border-box; }
p, ol { margin: 0; padding: 0; list-style: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; border-radius: inherit; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.panel {
  container-type: inline-size; position: relative; block-size: 100%; overflow: hidden;
  display: grid; grid-template-rows: auto auto minmax(0, 1fr);
  background: var(--ground); border: 1px solid var(--line); border-radius: var(--callscribe-radius, 12px);
}
header {
  display: flex; align-items: center; gap: .5rem; padding: .5rem 1rem; min-block-size: 2.75rem;
  background: var(--raised); border-block-end: 1px solid var(--line); font-size: .875em;
}
.dot { inline-size: .5rem; block-size: .5rem; border-radius: 50%; flex: none; background: var(--soft); }
.dot[data-state="live"] { background: var(--accent); }
.dot[data-state="paused"], .dot[data-state="waiting"], .dot[data-state="refused"] { background: var(--trouble); }
.dot[data-state="ringing"], .dot[data-state="connecting"], .dot[data-state="token"] { background: none; border: 2px solid var(--soft); }
.dot[data-state="complete"] { border-radius: 1px; }
.status { font-weight: 600; }
.duration { margin-inline-start: auto; color: var(--soft); font-variant-numeric: tabular-nums; }
.problem { grid-row: 2; padding: .5rem 1rem; color: var(--trouble); font-size: .875em; border-block-end: 1px solid var(--line); }
.problem:empty { display: none; }

.log { grid-row: 3; position: relative; min-block-size: 0; }
.scroller { block-size: 100%; overflow-y: auto; overscroll-behavior: contain; padding: .75rem 1rem; border-end-start-radius: inherit; border-end-end-radius: inherit; }
.rows { max-inline-size: 56rem; }
.empty { color: var(--soft); }
.row { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr) auto; gap: 0 1rem; padding-block-start: .6rem; align-items: baseline; }
.row:first-child { padding-block-start: 0; }
.row.same { padding-block-start: .15rem; }
.row.same .who { visibility: hidden; }
.who { grid-column: 1; grid-row: 1; font-weight: 650; font-size: .875em; color: var(--unknown); overflow-wrap: anywhere; }
.customer .who { color: var(--customer); }
.agent .who { color: var(--agent); }
.text { grid-column: 2; grid-row: 1; overflow-wrap: anywhere; text-align: start; }
.at { grid-column: 3; grid-row: 1; color: var(--soft); font-size: .8125em; font-variant-numeric: tabular-nums; }
.partial .text { color: var(--soft); }
.partial .text::after { content: " …"; }
.redacted { padding-inline: .4em; border-radius: 4px; background: var(--line); color: var(--text); font-size: .875em; white-space: nowrap; }
.note .text { font-size: .875em; color: var(--soft); padding-inline-start: .75rem; border-inline-start: 3px solid var(--line); }
.note.gap .text, .note.trouble .text { color: var(--trouble); border-color: currentColor; }
.note.gap .text { border-inline-start-style: dashed; }
.note.pause .text { color: var(--text); border-color: currentColor; }

.newer {
  position: absolute; inset-block-end: .75rem; inset-inline: 0; margin-inline: auto; inline-size: max-content;
  padding: .35rem 1rem; min-block-size: 2.25rem; font: inherit; font-size: .875em; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 0; border-radius: 999px; box-shadow: 0 4px 16px rgb(0 0 0 / .2);
}
.newer:focus-visible { outline-offset: 2px; border-radius: 999px; }

@container (inline-size < 34rem) {
  .row { grid-template-columns: minmax(0, 1fr) auto; }
  .at { grid-column: 2; }
  .text { grid-column: 1 / -1; grid-row: 2; }
  .row.same .who, .row.same .at { display: none; }
  .note .text { grid-column: 1; grid-row: 1; }
}
@media (prefers-reduced-motion: no-preference) {
  .partial .text::after { animation: breathe 1.4s ease-in-out infinite; }
  .text { transition: color .25s; }
}
@keyframes breathe { 50% { opacity: .25; } }
@media (forced-colors: active) {
  .dot { forced-color-adjust: none; }
  .redacted { border: 1px solid; }
}
`);
