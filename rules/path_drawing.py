"""Attack paths as pictures: an SVG for people, and Mermaid text for wikis.

The picture reads from top to bottom, so that it stays legible where chat shows pictures small. It
brings its own colours for nodes and labels and has no background, and so looks the same on a light
and on a dark page. Formats: https://www.w3.org/TR/SVG2/, https://mermaid.js.org/syntax/flowchart.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

from rules.attack_path import AttackPath, PathEdge, PathNode
from rules.entities import Entity, EntityKind

ROLE_COLOURS = {
    "entry": "#c0362c",
    "foothold": "#b45309",
    "pivot": "#7c4dbd",
    "target": "#1d63b8",
    "seen": "#5b6470",
}
"""White text has a contrast of 4.5 or more on each (WCAG AA)."""
_WORDS = {EntityKind.IP: "address", EntityKind.HASH: "file hash", EntityKind.URL: "address"}
_LINE, _LABEL, _MUTED = "#8b949e", "#24292f", "#c9d1d9"
_FONT = "Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"

_MARGIN, _GAP, _ROW = 24.0, 28.0, 34.0
_NODE_HEIGHT, _LINE_HEIGHT, _PAD = 52.0, 18.0, 10.0
_MOST_IN_ROW, _LONGEST = 4, 34
_NARROW, _WIDE = frozenset("iljtfr.,:;'|!()[]/ -1"), frozenset("mwMW@%—")
_NO_TEXT = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class _Bundle:
    """All edges from one node to another: one line with a label each."""

    source: Entity
    target: Entity
    lines: list[tuple[str, str]] = field(default_factory=list)
    """Label and time."""
    failed: bool = True
    x: float = 0.0
    top: float = 0.0

    @property
    def width(self) -> float:
        return max(_width(text, 12) for line in self.lines for text in line) + 2 * _PAD

    @property
    def height(self) -> float:
        return len(self.lines) * 2 * (_LINE_HEIGHT - 2) + _PAD


@dataclass
class _Box:
    node: PathNode
    title: str
    row: int = 0
    x: float = 0.0
    """Its middle."""
    y: float = 0.0
    """Its top."""
    into: list[_Bundle] = field(default_factory=list)

    @property
    def width(self) -> float:
        caption = f"{_kind(self.node.entity)} · {self.node.role}"
        return max(_width(self.title, 14, bold=True), _width(caption, 11), 96.0) + 3 * _PAD

    @property
    def slot(self) -> float:
        """The room it needs, the labels of what leads to it included."""
        labels = sum(bundle.width for bundle in self.into) + _PAD * max(0, len(self.into) - 1)
        return max(self.width, labels)


def to_svg(path: AttackPath) -> str:
    """Return a path as a standalone SVG document: no scripts, no references to anything outside."""
    boxes, bundles = _boxes(path)
    rows = _rows(boxes)
    width = max((_row_width(row) for row in rows), default=200.0) + 2 * _MARGIN
    y = _MARGIN
    for row in rows:
        labels = max((bundle.height for box in row for bundle in box.into), default=0.0)
        y += labels + 2 * _ROW if labels else 0.0
        x = (width - _row_width(row)) / 2
        for box in row:
            box.x, box.y = x + box.slot / 2, y
            x += box.slot + _GAP
            _place_labels(box, {other.node.entity: other.x for other in boxes})
        y += _NODE_HEIGHT
    height = y + _MARGIN + 18
    by_entity = {box.node.entity: box for box in boxes}
    drawn = [_line(by_entity[bundle.source], by_entity[bundle.target], bundle, width) for bundle in bundles]
    drawn += [_label(bundle) for bundle in bundles]
    drawn += [_node(box) for box in boxes]
    title = escape(_clean(path.summary or path.incident))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" font-family="{_FONT}">'
        f"<title>{title}</title>"
        f'<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="{_LINE}"/></marker></defs>'
        f"{''.join(drawn)}"
        f'<text x="{width / 2:.0f}" y="{height - 12:.0f}" text-anchor="middle" font-size="11" fill="{_LINE}">'
        f"{escape(_clean(_when(path)))}</text></svg>"
    )


def to_mermaid(path: AttackPath) -> str:
    """Return a path as a Mermaid flowchart."""
    names = {node.entity: f"n{place}" for place, node in enumerate(path.nodes)}
    lines = ["flowchart TD"]
    for node in path.nodes:
        text = f"{_kind(node.entity)}: {node.entity.value}"
        lines.append(f'    {names[node.entity]}["{_quoted(text)}"]:::{node.role}')
    lines += [
        f'    {names[edge.source]} -->|"{_quoted(edge.label)}"| {names[edge.target]}' for edge in path.edges
    ]
    roles = {node.role for node in path.nodes}
    lines += [
        f"    classDef {role} fill:{colour},color:#ffffff,stroke:{colour}"
        for role, colour in ROLE_COLOURS.items()
        if role in roles
    ]
    return "\n".join(lines) + "\n"


# --- layout --------------------------------------------------------------------------------------


def _boxes(path: AttackPath) -> tuple[list[_Box], list[_Bundle]]:
    linked = {entity for edge in path.edges for entity in (edge.source, edge.target)}
    boxes = {
        node.entity: _Box(node, _short(node.entity))
        for node in path.nodes
        if node.entity in linked or not path.edges
    }
    bundles: dict[tuple[Entity, Entity], _Bundle] = {}
    placed: dict[Entity, int] = {}
    for edge in path.edges:
        row = placed.setdefault(edge.source, 0)
        placed.setdefault(edge.target, row + 1)
        bundle = bundles.setdefault((edge.source, edge.target), _Bundle(edge.source, edge.target))
        bundle.lines.append((_cut(edge.label, 46), _span(edge)))
        bundle.failed = bundle.failed and "failed" in edge.label
    for bundle in bundles.values():
        boxes[bundle.target].into.append(bundle)
    for entity, box in boxes.items():
        box.row = placed.get(entity, 0)
    return list(boxes.values()), list(bundles.values())


def _rows(boxes: list[_Box]) -> list[list[_Box]]:
    """Put boxes in rows, a full row going on in the next; keep near whom they come from."""
    rows: list[list[_Box]] = []
    place: dict[Entity, int] = {}
    for row in sorted({box.row for box in boxes}):
        members = [box for box in boxes if box.row == row]
        members.sort(key=lambda box: min((place.get(each.source, 99) for each in box.into), default=0))
        starts = range(0, len(members), _MOST_IN_ROW)
        rows += [members[start : start + _MOST_IN_ROW] for start in starts]
        place |= {box.node.entity: i for i, box in enumerate(members)}
    return rows


def _row_width(row: list[_Box]) -> float:
    return sum(box.slot for box in row) + _GAP * (len(row) - 1)


def _place_labels(box: _Box, middles: dict[Entity, float]) -> None:
    box.into.sort(key=lambda bundle: middles.get(bundle.source, 0.0))
    x = box.x - (sum(bundle.width for bundle in box.into) + _PAD * (len(box.into) - 1)) / 2
    for bundle in box.into:
        bundle.x = x + bundle.width / 2
        bundle.top = box.y - _ROW - bundle.height
        x += bundle.width + _PAD


# --- drawing -------------------------------------------------------------------------------------


def _line(source: _Box, target: _Box, bundle: _Bundle, width: float) -> str:
    end = min(max(bundle.x, target.x - target.width / 2 + 14), target.x + target.width / 2 - 14)
    start, bottom = source.y + _NODE_HEIGHT, bundle.top + bundle.height
    dash = ' stroke-dasharray="6 5"' if bundle.failed else ""
    if start <= bundle.top:
        middle = (start + bundle.top) / 2
        way = f"M{source.x:.1f} {start:.1f}C{source.x:.1f} {middle:.1f} {bundle.x:.1f} {middle:.1f} "
        way += f"{bundle.x:.1f} {bundle.top:.1f}"
    else:
        right = source.x >= target.x
        side = source.x + (source.width / 2 if right else -source.width / 2)
        out = min(width - 6, side + 70) if right else max(6, side - 70)
        label = bundle.x + (bundle.width / 2 if right else -bundle.width / 2)
        middle = bundle.top + bundle.height / 2
        way = f"M{side:.1f} {source.y + _NODE_HEIGHT / 2:.1f}C{out:.1f} {source.y + _NODE_HEIGHT / 2:.1f} "
        way += f"{out:.1f} {middle:.1f} {label:.1f} {middle:.1f}"
    stroke = f'fill="none" stroke="{_LINE}" stroke-width="2"{dash}'
    arrow = f"M{bundle.x:.1f} {bottom:.1f}L{end:.1f} {target.y - 2:.1f}"
    return f'<path d="{way}" {stroke}/><path d="{arrow}" {stroke} marker-end="url(#arrow)"/>'


def _label(bundle: _Bundle) -> str:
    parts = [
        f'<rect x="{bundle.x - bundle.width / 2:.1f}" y="{bundle.top:.1f}" width="{bundle.width:.1f}" '
        f'height="{bundle.height:.1f}" rx="8" fill="{_LABEL}" stroke="{_LINE}"/>'
    ]
    y = bundle.top + _PAD / 2
    for label, time in bundle.lines:
        y += _LINE_HEIGHT - 4
        parts.append(_text(bundle.x, y, label, 12, "#ffffff"))
        y += _LINE_HEIGHT - 4
        parts.append(_text(bundle.x, y, time, 10, _MUTED))
        y += 4
    return "".join(parts)


def _node(box: _Box) -> str:
    colour = ROLE_COLOURS.get(box.node.role, ROLE_COLOURS["seen"])
    caption = f"{_kind(box.node.entity)} · {box.node.role}"
    full = escape(_clean(str(box.node.entity)))
    return (
        f'<g><title>{full}</title><rect x="{box.x - box.width / 2:.1f}" y="{box.y:.1f}" '
        f'width="{box.width:.1f}" height="{_NODE_HEIGHT:.0f}" rx="10" fill="{colour}" '
        f'stroke="#ffffff" stroke-opacity="0.35"/>'
        f"{_text(box.x, box.y + 20, caption, 11, '#ffffff', opacity=0.9)}"
        f"{_text(box.x, box.y + 39, box.title, 14, '#ffffff', weight=600)}</g>"
    )


def _text(
    x: float, y: float, words: str, size: int, colour: str, *, weight: int = 400, opacity: float = 1.0
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}" fill-opacity="{opacity:g}">{escape(_clean(words))}</text>'
    )


# --- words ---------------------------------------------------------------------------------------


def _kind(entity: Entity) -> str:
    return _WORDS.get(entity.kind, entity.kind.value)


def _short(entity: Entity) -> str:
    value = _clean(entity.value)
    if entity.kind is EntityKind.FILE and len(value) > _LONGEST:
        return "…" + value[-_LONGEST + 1 :]
    return _cut(value, _LONGEST)


def _cut(words: str, most: int) -> str:
    words = _clean(words)
    return words if len(words) <= most else words[: most - 1] + "…"


def _clean(words: str) -> str:
    """Return words without what XML can't hold and without control characters."""
    return _NO_TEXT.sub("�", words)


def _quoted(words: str) -> str:
    """Return words for a Mermaid string, where markup and quotes are written as entity codes."""
    return "".join(
        each if each.isalnum() or each in " .,:-_/@" else f"#{ord(each)};" for each in _clean(words)
    )


def _span(edge: PathEdge) -> str:
    return _clock(edge.first) if edge.first == edge.last else f"{_clock(edge.first)} – {_clock(edge.last)}"


def _clock(time: datetime) -> str:
    return time.strftime("%H:%M:%S")


def _when(path: AttackPath) -> str:
    times = [time for edge in path.edges for time in (edge.first, edge.last)]
    if not times:
        return f"{path.incident}: nothing to draw yet"
    first, last = min(times), max(times)
    day = f"{first.day} {first:%B %Y}"
    end = "" if first.date() == last.date() else f" to {last.day} {last:%B %Y}"
    return f"{path.incident} · {day}{end}, UTC"


def _width(words: str, size: float, *, bold: bool = False) -> float:
    """Return how wide words are drawn at most, in pixels; no font is measured, DejaVu Sans is the widest."""
    units = sum(0.4 if each in _NARROW else 1.0 if each in _WIDE else 0.64 for each in words)
    return units * size * (1.12 if bold else 1.0)
