/**
 * The page's style. Eight hues for methods, first a slate, blue and orange, which every common colour blindness tells
 * apart; light and dark by the reader's preference.
 */
import type { Markup } from './markup.ts';

/** The style sheet. */
export const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --page: #fff; --panel: #f5f7f9; --ink: #1b2027; --muted: #56606b; --rule: #d9dfe5;
  --method-0: #5c6673; --method-1: #0a6fb3; --method-2: #cf5300; --method-3: #00795c; --method-4: #8a4fa3;
  --method-5: #a8790a; --method-6: #c2356b; --method-7: #4d7a1e; --context: #8d97a2; --target: #8a4fa3;
  --source: #00795c; --warn-page: #fff3d1; --warn-ink: #5a3a00; --warn-rule: #d99a00; --whisker: #11151a; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14181d; --panel: #1d232a; --ink: #e8ecf0; --muted: #a3adb8; --rule: #363f49; --method-0: #a9b4c0;
    --method-1: #4fb0f2; --method-2: #ff9142; --method-3: #3fc79c; --method-4: #cd9ae0; --method-5: #e3b94b;
    --method-6: #f57ba6; --method-7: #a3cf72; --context: #7b8693; --target: #cd9ae0; --source: #3fc79c;
    --warn-page: #3a2c08; --warn-ink: #ffdf94; --warn-rule: #c48b00; --whisker: #fff; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto,
  Helvetica, Arial, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 4rem; }
header p { margin: 0; color: var(--muted); }
h1 { font-size: clamp(1.35rem, 1.1rem + 1.2vw, 1.9rem); line-height: 1.2; margin: .35rem 0 .6rem; max-width: 58rem;
  text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 0 0 .25rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
section { margin-top: 2.75rem; }
.lead { margin: 0 0 1rem; color: var(--muted); max-width: 46rem; }
small { color: var(--muted); font-size: .82rem; font-weight: 400; }
.none { color: var(--muted); font-style: italic; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: .9rem; padding-bottom: .4rem; }
th { text-align: left; font-weight: 600; }
th small, td small { display: block; line-height: 1.25; }
.methods { min-width: 46rem; width: 100%; max-width: 66rem; }
.methods td, .methods thead th, .figures td, .figures thead th { text-align: right; padding: .45rem 0 .45rem .9rem;
  vertical-align: top; white-space: nowrap; }
.methods th small { white-space: normal; }
.methods thead th, .figures thead th { vertical-align: bottom; }
.methods thead th:first-child, .figures thead th:first-child { text-align: left; padding-left: 0; }
.methods tbody tr, .figures tbody tr { border-top: 1px solid var(--rule); }
.methods tbody th { min-width: 7rem; }
.methods tbody th, .figures tbody th { padding: .45rem 0; vertical-align: top; overflow-wrap: anywhere; }
.methods td small { white-space: normal; }
.methods .worst { font-weight: 700; }
.methods td .sd, .sd { display: inline; font-size: .85em; white-space: nowrap; }
.note { margin: 0 0 .4rem; color: var(--muted); font-size: .9rem; }
.figures thead th[colspan] { border-bottom: 1px solid var(--rule); }
.figures { font-size: .92rem; }
.reason { text-align: left !important; white-space: normal !important; color: var(--muted); }
.best > data { text-decoration: underline; text-underline-offset: .2em; text-decoration-thickness: 2px; }
.poor { color: var(--warn-ink); background: var(--warn-page); }
.poor { padding-right: .4rem !important; }
.warning { margin: 1.25rem 0; padding: .8rem 1rem; background: var(--warn-page); color: var(--warn-ink);
  border-left: 5px solid var(--warn-rule); border-radius: 4px; max-width: 50rem; }
.warning ul { margin: .3rem 0; padding-left: 1.2rem; }
.warning p { margin: .3rem 0 0; }
.bars { max-width: 50rem; }
.bar-group { margin-bottom: 1rem; }
.bar-row { display: grid; grid-template-columns: minmax(6rem, 9rem) 1fr 13rem; gap: .6rem; align-items: center; min-height: 24px;
  font-size: .95rem; }
.bar-row svg { display: block; overflow: visible; }
.bar-fill { fill: var(--hue); }
.bar-label { color: var(--muted); overflow-wrap: anywhere; line-height: 1.15; }
.bar-value { font-variant-numeric: tabular-nums; white-space: nowrap; }
.marked .bar-value, .marked .bar-label { font-weight: 700; color: var(--ink); }
.mark { margin-left: .35rem; color: var(--hue); font-weight: 700; }
.seed-dot { fill: var(--page); stroke: var(--ink); stroke-width: 1.2; fill-opacity: .85; }
.worst-dot { fill: var(--hue); stroke: var(--page); stroke-width: 1; }
.average-dot { fill: var(--page); stroke: var(--hue); stroke-width: 1.6; }
.track { stroke: var(--rule); stroke-width: 3; }
.key { display: inline-block; width: .75em; height: .75em; border-radius: 50%; border: 2px solid var(--muted); }
.worst-key { background: var(--muted); }
.grid { stroke: var(--rule); stroke-width: 1; vector-effect: non-scaling-stroke; }
.whisker line { stroke: var(--whisker); stroke-width: 1.5; }
.bar-axis { color: var(--muted); font-size: .8rem; }
.bar-ticks { position: relative; height: 1.2rem; }
.bar-ticks span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
figure.gallery { margin: .8rem 0 1rem; }
.gallery-grid { display: grid; grid-template-columns: 5.5rem minmax(0, var(--width)); gap: .5rem; }
.gallery-labels { display: grid; grid-template-rows: repeat(6, 1fr); font-size: .82rem; color: var(--muted); }
.gallery-labels span { align-self: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.gallery-grid img { display: block; width: 100%; background: #000; }
.pixels { image-rendering: pixelated; }
details.seed { font-size: inherit; border-top: 1px solid var(--rule); padding-top: .5rem; }
details.seed > summary { font-weight: 600; color: var(--ink); margin-bottom: .5rem; }
.settings th, .settings td { padding: .25rem 1.2rem .25rem 0; text-align: left; vertical-align: top; font-size: .92rem; }
.settings tbody tr { border-top: 1px solid var(--rule); }
.settings tbody th { font-weight: 400; color: var(--muted); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.2rem
  1.6rem; margin: .6rem 0 1.8rem; }
.chart { margin: 0; min-width: 0; }
.hue { border-left: 5px solid var(--hue); padding-left: .45rem; }
figcaption { font-size: .9rem; line-height: 1.35; margin-bottom: .7rem; }
figcaption span { color: var(--muted); }
.plot { display: grid; grid-template-columns: 2.6rem minmax(4rem, 1fr) minmax(0, var(--labels)); column-gap: .4rem; font-size: .8rem;
  line-height: 15px; }
.plot > svg { display: block; overflow: visible; }
.y-axis, .end-labels { position: relative; }
.y-axis span, .end-labels span { position: absolute; transform: translateY(-50%); white-space: nowrap; }
.y-axis span { right: 0; color: var(--muted); }
.end-labels span { left: 0; max-width: 100%; overflow: hidden; text-overflow: ellipsis; color: var(--muted); }
.end-labels .emphasis { color: var(--ink); font-weight: 700; }
.end-labels svg { vertical-align: middle; }
.line { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.line.emphasis { stroke-width: 3; }
.mark-line { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 3 3; vector-effect: non-scaling-stroke; }
.x-axis { grid-column: 2; display: flex; justify-content: space-between; position: relative; color: var(--muted);
  padding-top: 4px; white-space: nowrap; }
.marks { grid-column: 2; position: relative; height: 16px; }
.marks span { position: absolute; transform: translateX(-50%); font-weight: 600; white-space: nowrap; }
details { margin-top: .4rem; font-size: .88rem; }
summary { cursor: pointer; color: var(--muted); width: fit-content; }
details table { margin-top: .4rem; }
details th, details td { padding: .15rem .9rem .15rem 0; text-align: left; border-top: 1px solid var(--rule); }
.scroll { overflow-x: auto; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 18rem), 1fr)); gap: .4rem 2rem; margin-top: 1rem; }
.facts table { width: 100%; table-layout: fixed; align-self: start; }
.facts th { font-weight: 400; color: var(--muted); }
.facts td { text-align: right; }
.facts th, .facts td { padding: .2rem 0; border-top: 1px solid var(--rule); overflow-wrap: anywhere; vertical-align:
  top; font-size: .92rem; }
@media (max-width: 34rem) {
  .bar-row { grid-template-columns: 4.8rem 1fr 6.9rem; gap: .6rem; font-size: .8rem; }
  .bar-value .mark { display: block; margin-left: 0; }
  .bar-value { line-height: 1.2; }
  .gallery-grid { grid-template-columns: 3.9rem minmax(0, var(--width)); }
  .gallery-labels { font-size: .7rem; }
}
@media print { details { display: none; } section { break-inside: avoid; } }
.y-axis { grid-column: 1; } .plot > svg { grid-column: 2; } .end-labels { grid-column: 3; } .x-axis { grid-column: 2; }
header + section { margin-top: 1.6rem; }
`,
};
