import { Html } from "./html.ts";

/** Colors of light and dark; gains and losses differ in brightness too, and always have their sign. */
const light = `--bg:#f4f5f7;--card:#fff;--ink:#15181d;--soft:#5b6470;--line:#e2e5ea;--gain:#08795a;--loss:#c22f3d;--plain:#7d8896;--accent:#2c5bd4;--shade:#2c5bd414;--tip:#15181d;--tip-ink:#fff`;
const dark = `--bg:#0e1116;--card:#171b22;--ink:#e9ecf1;--soft:#9aa4b2;--line:#2b313b;--gain:#35c796;--loss:#ff7a82;--plain:#6d7887;--accent:#8aacff;--shade:#8aacff1f;--tip:#e9ecf1;--tip-ink:#15181d`;

export const style = new Html(
  `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
main{max-width:1120px;margin:0 auto;padding:clamp(14px,3vw,36px);overflow-x:clip}
h1,h2,h3,h4,p,figure,dl,dd{margin:0}
h1{font-size:clamp(22px,3.4vw,30px);letter-spacing:-.02em;line-height:1.2}
h2{font-size:21px;margin:40px 0 14px;letter-spacing:-.01em}
h3{font-size:15px;font-weight:650}
h4{font-size:12.5px;font-weight:600;color:var(--soft)}
small{font-size:.75em;font-weight:400;color:var(--soft)}
header{margin-bottom:18px}
header p{color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:8px;margin-top:12px}
nav a{padding:4px 14px;border:1px solid var(--line);border-radius:99px;background:var(--card);color:inherit;text-decoration:none}
nav a:hover{border-color:var(--accent)}
header .warning{margin-top:12px;padding:8px 14px;border-left:3px solid var(--accent);background:var(--card);border-radius:0 8px 8px 0;font-size:14px}
section{display:grid;gap:14px;scroll-margin-top:12px}
section>*{min-width:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px 18px;min-width:0}
.card>h3{margin-bottom:10px}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px;align-items:start}
.halves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:14px;align-items:start}
.halves>div{display:grid;gap:14px;min-width:0}
.gain{color:var(--gain);fill:var(--gain)}.loss{color:var(--loss);fill:var(--loss)}.plain{fill:var(--plain)}
.none{color:var(--soft)}
.label{font-size:13px;color:var(--soft)}
.caption{font-size:12.5px;color:var(--soft)}

.def{position:relative;display:inline-block}
.def>button{all:unset;cursor:help;text-decoration:underline dotted color-mix(in srgb,currentColor 45%,transparent);text-underline-offset:3px}
.def>button:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.tip{display:none;margin:0;padding:11px 14px;border:0;border-radius:10px;background:var(--tip);color:var(--tip-ink);font-size:13px;line-height:1.45;font-weight:400;text-align:left;white-space:normal;box-shadow:0 8px 28px #0005}
.def .tip b{display:block;margin-bottom:2px;color:inherit}
.tip i{display:block;margin-top:5px;opacity:.7;font-size:12px}
.tip:popover-open{display:block;position:fixed;inset:auto 12px 12px;width:auto;max-width:480px;margin:0 auto}
@media (hover:hover) and (min-width:641px){
.def:hover>.tip:not(:popover-open){transition-delay:.2s}
.def:hover>.tip,.def>button:focus-visible+.tip{display:block;position:absolute;z-index:9;inset:calc(100% + 6px) auto auto 0;width:max-content;max-width:280px;pointer-events:none}
th+th .tip,td .tip{left:auto!important;right:0!important}
}
@media (hover:hover) and (min-width:821px){.tile:nth-child(4n) .tip,.outcomes .tip{left:auto!important;right:0!important}}
@media (hover:hover) and (min-width:641px) and (max-width:820px){.tile:nth-child(2n) .tip,.split span:last-child .tip{left:auto!important;right:0!important}}
@media (max-width:640px){.def>button:focus-visible+.tip{display:block;position:fixed;z-index:9;inset:auto 12px 12px}}

.hero{display:grid;grid-template-columns:minmax(0,3fr) minmax(0,2fr);gap:16px 36px;align-items:center}
.big{font-size:clamp(32px,6vw,52px);font-weight:700;letter-spacing:-.03em;line-height:1.15;overflow-wrap:anywhere}
.big small{letter-spacing:0;font-size:.4em}
.share{display:block;width:100%;height:12px;margin:8px 0 6px;border-radius:6px}
.track{fill:var(--line)}
.split{display:flex;justify-content:space-between}
.split b,.label b{color:var(--ink)}
.tiles{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:14px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:12px 16px}
.tile .value{font-size:22px;font-weight:650;letter-spacing:-.01em;line-height:1.35}

.chart figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;justify-content:space-between;align-items:baseline;margin-bottom:4px}
.note{font-size:13px;color:var(--soft)}
.note b{color:var(--ink)}
.key{display:inline-block;width:11px;height:11px;margin-right:6px;border-radius:3px;background:color-mix(in srgb,var(--loss) 22%,transparent)}
.plot{display:grid;grid-template-columns:minmax(0,1fr) auto;column-gap:10px}
.draw{position:relative;padding-top:24px}
.draw svg{display:block;width:100%}
.equity{height:clamp(190px,30vw,300px)}
.drawdown{height:84px}
.part{display:block;height:26px;padding-top:6px;font-size:12px;line-height:20px;color:var(--soft)}
.draw path,.draw rect{vector-effect:non-scaling-stroke}
.grid-line,.draw .grid{display:inline;fill:none;stroke:var(--line);stroke-width:1}
.draw .zero{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.line{fill:none;stroke:var(--accent);stroke-width:2;stroke-linejoin:round}
.above{fill:color-mix(in srgb,var(--gain) 16%,transparent)}
.below{fill:color-mix(in srgb,var(--loss) 16%,transparent)}
.span{fill:color-mix(in srgb,var(--loss) 9%,transparent)}
.fall{fill:color-mix(in srgb,var(--loss) 26%,transparent)}
.fall-line{fill:none;stroke:var(--loss);stroke-width:1.25}
.bands{position:absolute;inset:24px 0 0;display:flex}
.bands i{flex:1}
.bands i:hover{background:linear-gradient(var(--accent),var(--accent)) center/1px 100% no-repeat,var(--shade)}
.bands b,.draw>.read{position:absolute;top:-24px;left:0;right:0;font-size:13px;font-weight:400;font-style:normal;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;pointer-events:none}
.bands b{visibility:hidden}
.draw>.read{top:0;color:var(--soft)}
.bands i:hover b{visibility:visible}
.bands:hover+.read{visibility:hidden}
.draw em{font-style:normal;font-weight:650;color:var(--ink);margin:0 6px}
.ticks{display:flex;flex-direction:column;padding-top:24px;font-size:11.5px;color:var(--soft);text-align:right}
.ticks div{display:flex;flex-direction:column;justify-content:space-between;line-height:0}
.t1{height:clamp(190px,30vw,300px)}
.t2{height:84px;margin-top:26px}
.dates{display:flex;justify-content:space-between;grid-column:1;padding-top:6px;font-size:11.5px;color:var(--soft)}

.months{display:grid;grid-template-columns:repeat(auto-fill,minmax(136px,1fr));gap:18px 20px}
.month .days{display:grid;grid-template-columns:repeat(7,1fr);gap:3px;position:relative;margin:5px 0}
.days i{aspect-ratio:1;border-radius:4px;background:color-mix(in srgb,var(--line) 55%,transparent)}
.o2 i:first-child{grid-column:2}.o3 i:first-child{grid-column:3}.o4 i:first-child{grid-column:4}.o5 i:first-child{grid-column:5}.o6 i:first-child{grid-column:6}.o7 i:first-child{grid-column:7}
.days .z{background:var(--plain)}
${[1, 2, 3, 4].map((step) => `.days .g${step}{background:color-mix(in srgb,var(--gain) ${10 + step * 22}%,var(--card))}.days .l${step}{background:color-mix(in srgb,var(--loss) ${10 + step * 22}%,var(--card))}`).join("\n")}
.days i[class]:hover{outline:2px solid var(--ink);outline-offset:0}
.days b,.month .read{font-size:12px;font-weight:400;font-style:normal;line-height:1.35}
.days b{position:absolute;top:calc(100% + 5px);left:0;right:0;visibility:hidden;pointer-events:none;background:var(--card)}
.days i:hover b{visibility:visible}
.month .read{color:var(--soft);min-height:2.7em}
.days:hover+.read{visibility:hidden}

.bars{display:block;width:100%;height:auto}
.bars text{font-size:11px;fill:var(--soft)}
.bars .label{text-anchor:middle}
.bars .tiptext{visibility:hidden;fill:var(--ink);font-size:12px}
.bars .hit{fill:transparent}
.bars g:hover .hit{fill:var(--shade)}
.bars g:hover .tiptext{visibility:visible}
.bars .zero{stroke:var(--line);stroke-width:1}

table{width:100%;border-collapse:collapse;font-size:14px}
th,td{padding:6px 0 6px 10px;text-align:right;vertical-align:top;font-weight:400;border-top:1px solid var(--line)}
thead th{border:0;white-space:nowrap;font-size:12px;color:var(--soft);padding-top:0}
tr>:first-child{text-align:left;padding-left:0;max-width:0;width:34%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
tbody tr:first-child>*{border-color:color-mix(in srgb,var(--soft) 40%,transparent)}
tbody tr:hover{background:var(--shade)}
.few td:not(.net){color:var(--soft)}
.few .num:not(.gain,.loss){color:var(--soft)}
.rest{color:var(--soft)}
.net{white-space:nowrap;width:26%}
.bar{display:block;width:100%;height:4px;margin-top:2px;border-radius:2px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:14px 26px}
.pair td{white-space:nowrap}
.pair tr>:first-child{width:50%}

details>summary{cursor:pointer;color:var(--soft);font-size:14px;padding-top:10px}
details.card>summary{padding:0;color:inherit}
summary h3{display:inline}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
details>.months,details>table,details>dl{margin-top:14px}
.all dl{columns:3 260px;column-gap:32px}
.all dl div{display:flex;justify-content:space-between;gap:12px;padding:5px 0;border-top:1px solid var(--line);break-inside:avoid;font-size:14px}
.all dt{color:var(--soft)}
.all dd{text-align:right;white-space:nowrap}
.all .none{white-space:normal}
.glossary{margin-top:14px}
.glossary dl{columns:2 380px;column-gap:32px;font-size:13.5px}
.glossary dl div{break-inside:avoid;padding-bottom:10px}
.glossary dt{font-weight:600}
.glossary dd,.glossary i{color:var(--soft)}
footer{margin-top:22px;font-size:12.5px;color:var(--soft)}

@media (max-width:820px){.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.hero{grid-template-columns:minmax(0,1fr)}}
@media (max-width:640px){.extra{display:none}.card{padding:14px}.dates span:nth-child(even){display:none}.months{grid-template-columns:repeat(auto-fill,minmax(92px,1fr));gap:14px}.month .read{min-height:3em}.month .more{display:block}.tile .value{font-size:19px}th,td{padding-left:8px}}
@media print{
:root{${light};--bg:#fff}
@page{margin:14mm}
body{font-size:12px;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{padding:0;max-width:none}
nav,.bands,.tip{display:none!important}
.card,.tile,.month,tr{break-inside:avoid}
.def>button{text-decoration:none}
details:not([open])::details-content{content-visibility:visible;block-size:auto}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
`.trim(),
);
