"""The page's style sheet: readable on screen, in the dark, on paper and on a telephone."""

CSS = """
:root { --ink: #1d2430; --soft: #5c6675; --rule: #dfe3e8; --paper: #fff; --box: #f5f7f9; --ours: #e4572e;
  --wash: #fdf0eb; --mark: #ffe3d6; color-scheme: light dark }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b4; --rule: #333c48; --paper: #14181e;
  --box: #1c222a; --wash: #33221c; --mark: #55311f } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 1040px; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.01em; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2.8rem 0 .8rem; padding-bottom: .35rem; border-bottom: 1px solid var(--rule) }
h3 { font-size: .95rem; margin: 1.2rem 0 .4rem }
p { margin: .5rem 0; max-width: 74ch }
.about, .note { color: var(--soft); font-size: .87rem }
.lead { font-size: 1.04rem; margin-top: 1.2rem }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0 }
.cards div { flex: 1 1 140px; max-width: 16rem; background: var(--box); border-radius: 8px; padding: .8rem 1rem;
  font-size: .84rem; color: var(--soft) }
.cards b { display: block; font-size: 1.5rem; line-height: 1.25; color: var(--ink); font-weight: 650;
  white-space: nowrap }
.cards div:first-child b { color: var(--ours) }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .87rem; font-variant-numeric: tabular-nums }
th { text-align: right; color: var(--soft); font-weight: 550; vertical-align: bottom; padding: .35rem .6rem;
  border-bottom: 1.5px solid var(--rule) }
th[title] { text-decoration: underline dotted var(--rule) 1.5px; text-underline-offset: 3px; cursor: help }
td { text-align: right; padding: .38rem .6rem; border-bottom: 1px solid var(--rule); white-space: nowrap }
th:first-child, td:first-child { text-align: left; padding-left: .3rem }
tr.ours td { background: var(--wash); font-weight: 600 }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: .55rem }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(430px, 100%), 1fr)); gap: 1.4rem 1.8rem }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 1.2rem 1.6rem }
figure { margin: 0; min-width: 0 }
figcaption { font-weight: 600; font-size: .92rem; margin-bottom: .3rem }
.chart { width: 100%; height: auto; display: block; font: 11px system-ui, "DejaVu Sans", sans-serif }
.broad { min-width: 640px }
.chart .grid { stroke: var(--rule); stroke-width: 1 }
.chart .axis { stroke: var(--soft); stroke-width: 1 }
.chart .diagonal { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 4 4 }
.chart .curve { fill: none; stroke-linejoin: round; stroke-linecap: round }
.chart .cloud { fill-opacity: .62 }
.chart .tick { fill: var(--soft); font-size: 10.5px }
.chart .label { fill: var(--ink); font-size: 11.5px }
.chart .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round }
.chart .middle { text-anchor: middle } .chart .end { text-anchor: end }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin: .4rem 0 0; padding: 0 0 0 .4rem;
  font-size: .82rem; color: var(--soft) }
.legend li { white-space: nowrap } .legend svg { margin-right: .35rem }
.legend b { color: var(--ink); font-weight: 600 }
pre { background: var(--box); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin: 0;
  font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
.steps { margin-top: 1.2rem } .steps td:nth-child(2), .steps th:nth-child(2) { text-align: left }
.steps .bars { width: 46%; text-align: left }
.bar { display: inline-block; height: 11px; border-radius: 2px; background: var(--ours); vertical-align: middle;
  opacity: .8 }
.importance td:nth-child(3) { width: 46%; text-align: left }
.strip { display: flex; gap: 2px; height: 22px; border-radius: 5px; overflow: hidden; margin-top: .9rem }
.strip span { flex-basis: 2px }
.strip + .legend + figure { margin-top: 1.4rem }
pre.code { max-height: 40rem; overflow-y: auto; font-size: 11px; padding: .7rem .8rem }
mark { background: var(--mark); color: inherit; border-radius: 2px }
details { margin-top: .8rem } summary { cursor: pointer; color: var(--soft) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; font-size: .87rem; margin: .6rem 0 }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere }
@media print { body { max-width: none; padding: 0 } figure, table, pre { break-inside: avoid }
  pre.code { max-height: none; break-inside: auto } }
"""
