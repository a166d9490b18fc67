//===- Style.h - how the report's page looks ----------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_REPORT_STYLE_H
#define DLC_TOOLS_REPORT_STYLE_H

#include "llvm/ADT/StringRef.h"

namespace dlc::tools {

/// The style sheet. Kernels of one kind have one colour in all pictures and tables: a class of that
/// kind sets --kind.
inline constexpr llvm::StringLiteral kStyle = R"css(
:root { color-scheme: light dark; --page: #f7f8fa; --card: #ffffff; --ink: #1c2330; --muted: #667085;
  --line: #e3e7ee; --grid: #e9ecf1; --accent: #2563eb; --conv: #2f6fde; --winograd: #8b46d8;
  --depthwise: #0d9488; --gemm: #d9730d; --pool: #3f9142; --move: #98a2b3; --other: #cf3f6b; }
@media (prefers-color-scheme: dark) {
  :root { --page: #10141b; --card: #181e28; --ink: #e6eaf2; --muted: #98a2b3; --line: #2a3240;
    --grid: #252d3a; --accent: #7aa7ff; --conv: #6b9fff; --winograd: #b98aff; --depthwise: #35c7b8;
    --gemm: #ff9f50; --pool: #6fcf73; --move: #667085; --other: #ff7fa4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { margin: 0; font-size: 30px; letter-spacing: -0.02em; }
h2 { margin: 0 0 4px; font-size: 19px; letter-spacing: -0.01em; }
p { margin: 0 0 14px; color: var(--muted); max-width: 80ch; }
section { margin-top: 22px; padding: 20px 22px; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 10px;
  margin-top: 20px; }
.card { padding: 11px 13px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card b { display: block; font-size: 19px; white-space: nowrap; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.card span { color: var(--muted); font-size: 13px; }
.notice { border-left: 4px solid var(--gemm); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { padding: 6px 10px 6px 0; color: var(--muted); font-weight: 500; text-align: right;
  border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 5px 10px 5px 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
th.left, td.left { text-align: left; }
td.layers { white-space: normal; min-width: 280px; overflow-wrap: anywhere; }
td.layers i { color: var(--muted); font-style: normal; }
td.bar { width: 16%; min-width: 110px; padding-right: 14px; }
.track { display: block; height: 13px; border-radius: 3px; background: var(--grid); }
.fill { display: block; height: 100%; min-width: 2px; border-radius: 3px; background: var(--kind); }
.kernel::before, .legend span::before { content: ""; display: inline-block; width: 10px; height: 10px;
  margin-right: 7px; border-radius: 3px; background: var(--kind); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0 0 12px; color: var(--muted);
  font-size: 13px; }
.conv { --kind: var(--conv); } .winograd { --kind: var(--winograd); }
.depthwise { --kind: var(--depthwise); } .gemm { --kind: var(--gemm); } .pool { --kind: var(--pool); }
.move { --kind: var(--move); } .other { --kind: var(--other); }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, "DejaVu Sans", sans-serif; }
.label { fill: var(--muted); } .strong { fill: var(--ink); font-weight: 600;
  paint-order: stroke; stroke: var(--card); stroke-width: 5px; stroke-linejoin: round; }
.grid { stroke: var(--grid); } .stem { stroke: var(--line); stroke-width: 2; }
.roof { stroke: var(--accent); stroke-width: 2.5; }
.dot { fill: var(--kind); fill-opacity: 0.55; stroke: var(--kind); stroke-width: 1.2; }
.buffer { fill: var(--kind); fill-opacity: 0.5; stroke: var(--card); stroke-width: 1; }
.dot:hover, .buffer:hover { fill-opacity: 0.95; }
summary { cursor: pointer; font-weight: 600; }
details table { margin-top: 10px; }
footer { margin-top: 26px; color: var(--muted); font-size: 13px; }
)css";

} // namespace dlc::tools

#endif // DLC_TOOLS_REPORT_STYLE_H
