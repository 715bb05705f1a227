"""The ATT&CK matrix of what rules cover, as a Vega-Lite chart.

A column is a tactic, a cell a technique, its colour how many rules are about it: pale grey is none, so
that gaps are seen first. Format: https://vega.github.io/vega-lite/docs/
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from rules.attack import Attack, Coverage

COLUMN, ROW = 172, 19
_LONGEST = 25
_STEPS = (1, 2, 5, 20)
_COLOURS = ("#eef0f3", "#cfe3f5", "#8fc0e8", "#4a90cc", "#1c5a97")
"""From none to many; white text on the two darkest has a contrast of 4.5 or more only on the last."""


def to_chart(coverage: Coverage, attack: Attack, title: str) -> dict[str, Any]:
    """Return the specification of the chart; `bot` renders it."""
    seen: dict[str, int] = defaultdict(int)
    covered: dict[str, int] = defaultdict(int)
    values: list[dict[str, Any]] = []
    for cell in coverage.cells:
        count = len(cell.rules)
        covered[cell.tactic] += bool(count)
        step = sum(count >= least for least in _STEPS)
        values.append(
            {
                "tactic": attack.tactics[cell.tactic],
                "row": seen[cell.tactic],
                "name": _short(cell.name),
                "count": str(count) if count else "",
                "colour": _COLOURS[step],
                "ink": "#ffffff" if step == len(_STEPS) else "#1f2933" if count else "#7b8794",
            }
        )
        seen[cell.tactic] += 1
    order = list(attack.tactics.values())
    labels = " : ".join(
        f"datum.value == '{name}' ? '{name} {covered[key]}/{seen[key]}'"
        for key, name in attack.tactics.items()
    )
    axis = {"orient": "top", "title": None, "labelAngle": 0, "labelExpr": f"{labels} : datum.value",
            "labelFontWeight": "bold", "labelFontSize": 11, "ticks": False, "domain": False,
            "labelPadding": 6}  # fmt: skip
    x = {"field": "tactic", "type": "nominal", "sort": order, "axis": axis}
    y = {"field": "row", "type": "ordinal", "axis": None}
    words = {"fontSize": 9.5, "baseline": "middle"}
    ink = {"field": "ink", "type": "nominal", "scale": None}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "#ffffff",
        "padding": 16,
        "title": {"text": title, "anchor": "start", "fontSize": 16, "subtitle": _legend(), "offset": 14},
        "data": {"values": values},
        "width": {"step": COLUMN},
        "height": {"step": ROW},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 2, "cornerRadius": 3},
                "encoding": {"color": {"field": "colour", "type": "nominal", "scale": None}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 6 - COLUMN / 2, **words},
                "encoding": {"text": {"field": "name"}, "color": ink},
            },
            {
                "mark": {
                    "type": "text",
                    "align": "right",
                    "dx": COLUMN / 2 - 6,
                    "fontWeight": "bold",
                    **words,
                },
                "encoding": {"text": {"field": "count"}, "color": ink},
            },
        ],
        "config": {"view": {"stroke": None}, "font": "Inter, Helvetica, Arial, 'DejaVu Sans', sans-serif"},
    }


def _legend() -> str:
    return "A cell is a technique with its sub-techniques, the number how many rules it has. Pale grey: none."


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"
