#pragma once

#include <string_view>

namespace qmnist {

/// The stylesheet of report.html without the charts' rules.
inline constexpr std::string_view kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #ffffff;
  --panel: #f6f8fa;
  --text: #1b1f24;
  --muted: #57606a;
  --rule: #d8dee4;
  --training: #0b62c4;
  --validation: #b64708;
  --heat-none: #f7fbff;
  --heat-full: #084594;
  --ink: #000000;
  --ink-high: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117;
    --panel: #161b22;
    --text: #e6edf3;
    --muted: #9aa4af;
    --rule: #30363d;
    --training: #6cb2ff;
    --validation: #ffa657;
    --heat-none: #101a26;
    --heat-full: #54a0d4;
    --ink: #ffffff;
    --ink-high: #000000;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 72rem;
  padding: 1.5rem 1rem 4rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0 0 .5rem; font-size: clamp(1.7rem, 6vw, 2.6rem); }
h2 { margin: 0 0 1rem; font-size: 1.35rem; }
p { max-width: 44rem; margin: 0 0 1rem; }
section { margin-top: 3rem; }
a { color: var(--training); }
header > p { color: var(--muted); }
header > .warning { padding-left: .75rem; border-left: .25rem solid var(--validation); color: var(--text); font-weight: 600; }
header > p:first-child { margin: 0; font-weight: 600; }

dl, dd { margin: 0; }
dt { color: var(--muted); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; }
.figures div { padding: .75rem 1rem; background: var(--panel); border-radius: .5rem; }
.figures dt { font-size: .875rem; }
.figures dd { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts div { display: grid; grid-template-columns: 11rem 1fr; gap: 0 1rem; padding: .35rem 0; border-top: 1px solid var(--rule); }
@media (max-width: 36rem) { .facts div { grid-template-columns: 1fr; } }

.scroll { max-width: 100%; margin-bottom: 1.5rem; overflow: auto; overflow-wrap: normal; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--training); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .5rem; color: var(--muted); text-align: left; }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--rule); text-align: left; }
thead th { font-weight: 600; }
tbody th { font-weight: 400; }
tbody :is(th, td) { white-space: nowrap; }
.columns { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.columns > * { flex: 1 1 auto; min-width: 0; max-width: 100%; }
.columns > .facts { flex-basis: 28rem; }
.facts + .scroll { margin-top: 1.5rem; }
.numbers :is(th, td):not(:first-child) { padding: .35rem .9rem; text-align: right; }
.scroll:has(.epochs) { max-height: 30rem; }
@media (max-width: 36rem) {
  table { font-size: .875rem; }
  .numbers :is(th, td):not(:first-child) { padding-inline: .3rem; }
}

.confusion :is(th, td) { min-width: 3.2rem; padding: .5rem .3rem; border: 0; text-align: center; }
.confusion tbody td {
  background: color-mix(in srgb, var(--heat-full) var(--heat), var(--heat-none));
  color: var(--ink);
}
.confusion tbody td.high { color: var(--ink-high); }
.confusion tbody th { font-weight: 600; }
.confusion.many { font-size: .625rem; }
.confusion.many :is(th, td) { min-width: 1.3rem; padding: .1rem; }
@media (max-width: 36rem) { .confusion :is(th, td) { min-width: 0; padding: .4rem .1rem; font-size: .6875rem; } }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem; margin-bottom: 1.5rem; }
.chart { width: 100%; height: auto; }

img { image-rendering: pixelated; background: #000000; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); gap: 1.25rem 1rem; margin: 0; padding: 0; list-style: none; }
.mistakes img { width: 5.25rem; height: 5.25rem; border-radius: .25rem; }
.mistakes p { margin: .25rem 0 0; font-size: .875rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.mistakes strong { color: var(--text); }
.units { display: flex; flex-wrap: wrap; gap: .375rem; }
.units img { width: 3.5rem; height: 3.5rem; }

summary { cursor: pointer; }
pre { margin: 1rem 0 0; font: .875rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }

@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  section { margin-top: 1.5rem; }
  h2, caption { break-after: avoid; }
  .charts, .confusion, .mistakes li, .figures div { break-inside: avoid; }
  .scroll { max-height: none; overflow: visible; }
  .confusion td, img, .figures div { print-color-adjust: exact; }
}
)css";

}  // namespace qmnist
