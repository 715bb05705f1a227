"""Attack paths as PNG, for where people can see one."""

from __future__ import annotations

from rules.attack_path import AttackPath
from rules.path_drawing import to_svg

SCALE = 2.0


class PictureError(Exception):
    """No picture can be had; the text says why."""


def png_of(path: AttackPath) -> bytes:
    """Return a path as PNG. Takes part of a second: call it in a thread. Raises `PictureError`."""
    try:
        from vl_convert import svg_to_png
    except ImportError as error:
        raise PictureError("the package vl-convert-python is not installed") from error
    try:
        return bytes(svg_to_png(_on_white(to_svg(path)), scale=SCALE))
    except (ValueError, RuntimeError) as error:
        raise PictureError(f"the path can't be drawn: {error}") from error


def _on_white(svg: str) -> str:
    """The drawing has no background, and a PNG is shown on whatever theme its reader has."""
    start = svg.index(">", svg.index("<svg")) + 1
    return f'{svg[:start]}<rect width="100%" height="100%" fill="#ffffff"/>{svg[start:]}'
