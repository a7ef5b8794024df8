/** How the report looks: light and dark, narrow and wide, on paper. */

/** The style sheet. Colours have names, so that drawings follow light and dark too. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1f2933; --faint: #57636f; --line: #d9dee4; --shade: #f4f6f8; --ground: #ffffff; --card: #ffffff;
  --blue: #2c65b0; --orange: #b3560f; --right: #2c65b0; --wrong: #b4321e; --note: #fff6e0; --note-line: #e0a92e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e7ebef; --faint: #a3aeb9; --line: #37414b; --shade: #1c2329; --ground: #12171b; --card: #171d22;
    --blue: #7fb0f2; --orange: #f0a060; --right: #5a93df; --wrong: #ef7a63; --note: #2b2412; --note-line: #b98a24;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.5 Inter, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; }
h1, p, li, code, figcaption, tbody th, .value { overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.2rem; margin: 0 0 4px; }
h3 { font-size: 1rem; margin: 20px 0 6px; }
p { margin: 4px 0 12px; max-width: 75ch; }
.faint, figcaption, caption { color: var(--faint); font-size: .9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 14px 0 0; font-size: .95rem; }
a { color: var(--blue); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 18px; margin: 18px 0; }
.note { background: var(--note); border: 1px solid var(--note-line); border-radius: 10px; padding: 10px 16px; margin: 16px 0; }
.note ul { margin: 4px 0; padding-left: 20px; }
.key { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 16px 0 0; }
.key div { background: var(--shade); border-radius: 8px; padding: 10px 14px; }
.key dt { color: var(--faint); font-size: .85rem; }
.key dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.key dd small { display: block; font-size: .82rem; font-weight: 400; color: var(--faint); }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 20px; align-items: start; }
figure { margin: 0; }
svg { display: block; width: 100%; height: auto; max-width: 520px; }
svg.narrow { max-width: 400px; }
svg text { font-family: inherit; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, a:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .93rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: 6px; }
th, td { padding: 5px 12px 5px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--faint); font-weight: 600; }
td.n, th.n { text-align: right; }
thead th, td.n, .confusion td { white-space: nowrap; }
tbody th { min-width: 7ch; }
tbody th { font-weight: 500; }
table.wide { width: 100%; }
.confusion th, .confusion td { padding: 6px 8px; text-align: center; vertical-align: middle; border: 1px solid var(--line); min-width: 52px; }
.confusion tbody th { text-align: right; white-space: nowrap; min-width: 0; }
.confusion td small { display: block; font-size: .78rem; }
.confusion td.none { color: var(--faint); }
.confusion td.right { background: color-mix(in oklab, var(--right) calc(var(--share) * 38%), var(--card)); }
.confusion td.wrong { background: color-mix(in oklab, var(--wrong) calc(var(--share) * 38%), var(--card)); }
.confusion.small { font-size: .8rem; }
.confusion.small th, .confusion.small td { padding: 3px 5px; min-width: 38px; }
.cards { display: grid; gap: 16px; list-style: none; padding: 0; margin: 12px 0 0; }
.mistakes { grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); }
.samples { grid-template-columns: repeat(auto-fill, minmax(124px, 1fr)); }
.cards li { border: 1px solid var(--line); border-radius: 8px; padding: 10px; break-inside: avoid; }
.views { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; }
.views figcaption { font-size: .78rem; line-height: 1.3; margin-top: 3px; }
img { display: block; width: 100%; height: auto; border-radius: 4px; background: var(--shade); }
img.pixels { image-rendering: pixelated; }
img.chart { max-width: 760px; background: #fff; }
.verdict { margin: 8px 0 0; font-size: .92rem; line-height: 1.4; }
.is-right { color: var(--right); font-weight: 600; }
.is-wrong { color: var(--wrong); font-weight: 600; }
.bar { display: block; height: 5px; min-width: 1px; background: var(--blue); border-radius: 3px; margin-top: 3px; }
.given { font-weight: 600; }
code { font: .88em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
footer { padding-bottom: 32px; }
@media (max-width: 500px) {
  section { padding: 14px 12px; }
  h1 { font-size: 1.4rem; }
  .key { grid-template-columns: 1fr 1fr; }
  .samples { grid-template-columns: 1fr 1fr; }
  table { font-size: .86rem; }
  th, td { padding-right: 7px; }
  .confusion th, .confusion td { padding: 4px 5px; min-width: 44px; }
}
@media print {
  :root {
    color-scheme: light;
    --text: #000; --faint: #444; --line: #bbb; --shade: #f2f2f2; --ground: #fff; --card: #fff;
    --blue: #2c65b0; --orange: #b3560f; --right: #2c65b0; --wrong: #b4321e; --note: #fff; --note-line: #999;
  }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  html, body { font-size: 11px; }
  nav { display: none; }
  section { border: 0; border-top: 1px solid #bbb; border-radius: 0; padding: 12px 0; margin: 8px 0; }
  figure, tr, .key div { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .mistakes { grid-template-columns: 1fr 1fr; }
  .samples { grid-template-columns: repeat(6, 1fr); }
  .scroll { overflow: visible; }
  @page { margin: 14mm; }
}
`.trim();
