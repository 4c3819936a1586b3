/** Style sheet of a report. Texts have a contrast of at least 4.5:1 in light, in dark and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f7fa, #14161c);
  --card: light-dark(#ffffff, #1d2029);
  --raised: light-dark(#eef0f5, #272b36);
  --ink: light-dark(#1b2030, #e8eaf1);
  --muted: light-dark(#555e72, #a6aec0);
  --rule: light-dark(#d5d9e3, #373d4c);
  --accent: light-dark(#3d52a0, #9db0f5);
  --good: light-dark(#1b6e3c, #6fd394);
  --bad: light-dark(#a92a2a, #ff9a94);
  --warn: light-dark(#8a5200, #f0b35e);
  font: 15px / 1.5 system-ui, sans-serif;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
footer { padding-bottom: 40px; color: var(--muted); font-size: 14px; }
h1 { font-size: 27px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 0 0 4px; }
h3 { font-size: 16px; margin: 20px 0 6px; overflow-wrap: anywhere; }
h4 { font-size: 15px; margin: 0; }
p { margin: 6px 0; max-width: 75ch; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.muted { color: var(--muted); }
.lead { color: var(--muted); font-size: 16px; overflow-wrap: anywhere; }
.good { color: var(--good); }
.bad { color: var(--bad); }
main > section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 18px 20px; margin: 18px 0; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; padding: 0; margin: 14px 0 0; }
nav a { display: inline-block; padding: 3px 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 16px 0 0; }
.tiles div { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 10px 14px; display: flex; flex-direction: column; }
.tiles dt { order: 1; color: var(--muted); font-size: 13px; }
.tiles dd { margin: 0; font-size: 23px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles .more { order: 2; color: var(--muted); font-size: 13px; font-weight: 400; }
.notice { border-left: 4px solid var(--warn); padding: 4px 12px; background: var(--raised); border-radius: 4px; max-width: none; overflow-wrap: anywhere; }
.glance { padding-left: 20px; margin: 8px 0 0; }
.glance li { margin: 3px 0; max-width: 90ch; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 2px 18px; margin: 8px 0 0; }
.facts > div { display: contents; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 14px 28px; margin-top: 10px; }
figure { margin: 0; min-width: 0; max-width: 640px; }
figure svg { display: block; width: 100%; height: auto; color: var(--muted); }
figcaption { color: var(--muted); font-size: 13.5px; padding: 2px 4px 0; }
.table { margin: 12px 0; min-width: 0; }
.caption { color: var(--muted); font-size: 13.5px; margin: 0 0 4px; max-width: none; }
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 6px 10px; border-top: 1px solid var(--rule); vertical-align: top; }
thead th { border-top: 0; background: var(--raised); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; background: var(--card); }
tr > :first-child { position: sticky; left: 0; max-width: 20em; overflow-wrap: break-word; }
tbody tr:first-child > * { border-top: 0; }
.n { text-align: right; white-space: nowrap; }
.wrap { min-width: 16em; overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: var(--raised); border-radius: 8px; padding: 12px 14px; margin: 8px 0; line-height: 1.45; }
.stories { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 18px 26px; margin: 8px 0 4px; }
article { min-width: 0; }
article > header { padding: 0; margin: 0 0 6px; border-bottom: 2px solid var(--rule); padding-bottom: 6px; }
.steps { list-style: none; padding: 0; margin: 0; }
.steps > li { display: grid; grid-template-columns: 3.6em minmax(0, 1fr) max-content; gap: 0 10px; padding: 7px 0; border-bottom: 1px solid var(--rule); }
.when { color: var(--muted); font-variant-numeric: tabular-nums; }
.pay { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.pay small { display: block; font-weight: 400; color: var(--muted); }
.what { overflow-wrap: anywhere; }
.what p { margin: 2px 0; max-width: none; font-size: 14px; }
.said { color: var(--muted); font-style: italic; }
.reasons { list-style: none; margin: 3px 0 0; padding: 0; font-size: 13.5px; color: var(--muted); }
.reasons li { display: grid; grid-template-columns: 4.2em minmax(0, 1fr); gap: 0 6px; }
.reasons span { text-align: right; font-variant-numeric: tabular-nums; }
.end { background: var(--raised); border-radius: 8px; padding: 8px 12px; margin-top: 8px; overflow-wrap: anywhere; }
.end p { max-width: none; margin: 3px 0; font-size: 14px; }
details { margin: 8px 0; }
summary { cursor: pointer; color: var(--accent); font-weight: 600; padding: 4px 0; overflow-wrap: anywhere; }
@media (max-width: 600px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  main > section { padding: 14px 12px; }
  .facts { grid-template-columns: 1fr; }
  .facts dd { margin-bottom: 6px; }
  .tiles { grid-template-columns: 1fr 1fr; }
  tr > :first-child { max-width: 11em; min-width: 10.6em; overflow-wrap: anywhere; }
  .tiles dd:not(.more) { font-size: 20px; }
  .steps > li { grid-template-columns: minmax(0, 1fr) max-content; }
  .when { grid-column: 1 / -1; }
}
@media print {
  :root { color-scheme: light; font-size: 10.5pt; }
  body { background: #ffffff; }
  main > section { border: 0; padding: 8px 0; margin: 10px 0; }
  nav { display: none; }
  figure, .steps > li, tr, .end { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  .scroll { overflow: visible; border: 0; }
  .wrap { min-width: 0; }
  .charts, .stories { grid-template-columns: 1fr 1fr; }
}
`;
