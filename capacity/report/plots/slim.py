"""The same picture in a fraction of the bytes: what cannot be seen is left out, each style is said once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from capacity.report.plots.lettering import SIZE

_SVG, _HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_FONTS = "system-ui,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif"
_COMMAND = re.compile(r"([MLQCz])([^MLQCz]*)")
_PLACE = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)")
_LEFT_OUT = {"font-family", "stroke-dashoffset", "stroke-linejoin"}
_USUAL = {
    ("fill", "none"),
    ("stroke-linecap", "square"),
    ("text-anchor", "start"),
    ("font-size", f"{SIZE:g}"),
}
Look = tuple[tuple[str, str], ...]


class Shape(NamedTuple):
    """A path or words, and how they look."""

    kind: str
    look: Look
    drawn: Path | str


class Path(list[tuple[str, list[tuple[int, int]]]]):
    """Commands of a path, each with its points. [tenths of points]"""

    @classmethod
    def of(cls, text: str, right: float = 0.0, down: float = 0.0) -> Path:
        """Read the path of an element, moved."""
        path = cls()
        for letter, rest in _COMMAND.findall(text):
            numbers = list(map(float, rest.split()))
            points = zip(numbers[::2], numbers[1::2], strict=True)
            path.append((letter, [(round(10 * (x + right)), round(10 * (y + down))) for x, y in points]))
        return path

    @property
    def points(self) -> list[tuple[int, int]]:
        """All of them."""
        return [point for _, points in self for point in points]

    @property
    def round(self) -> bool:
        """Whether it is a disc, which one dot of a thick line draws."""
        return any(letter == "C" for letter, _ in self)

    def __str__(self) -> str:
        at, start, written = (0, 0), (0, 0), []
        for letter, points in self._seen():
            if letter == "z":
                written.append("z")
                at = start
                continue
            written.append(_steps(letter, at, points))
            at = points[-1]
            start = at if letter == "M" else start
        return "".join(written)

    def _seen(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """Leave out points that lie on the line between their neighbours."""
        kept: list[tuple[str, list[tuple[int, int]]]] = []
        for letter, points in self:
            if letter == "L" and kept and kept[-1][1]:
                at = kept[-1][1][-1]
                if kept[-1][0] == "L" and points[0] == at:
                    continue
                if kept[-1][0] == "L" and _straight(kept[-2][1][-1], at, points[0]):
                    kept[-1] = (letter, points)
                    continue
            kept.append((letter, points))
        return iter(kept)


def _straight(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    (x, y), (u, v) = (b[0] - a[0], b[1] - a[1]), (c[0] - b[0], c[1] - b[1])
    return x * v == y * u and x * u + y * v > 0


def _steps(letter: str, at: tuple[int, int], points: Iterable[tuple[int, int]]) -> str:
    moves = [(x - at[0], y - at[1]) for x, y in points]
    if letter == "L" and moves[0][1] == 0:
        return f"h{_tenths(moves[0][0])}"
    if letter == "L" and moves[0][0] == 0:
        return f"v{_tenths(moves[0][1])}"
    return letter.lower() + " ".join(_tenths(step) for move in moves for step in move).replace(" -", "-")


def _tenths(number: int) -> str:
    return re.sub(r"^(-?)0\.", r"\1.", f"{number / 10:g}") if abs(number) < 1e5 else str(round(number / 10))


def slim(svg: bytes) -> bytes:
    """Return a picture of matplotlib without its groups, names and invisible points, in tenths of points."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - ours
    named = {f"#{each.get('id')}": each for each in root.iter() if each.get("id")}
    page, *shapes = _shapes(root, named, {})
    shapes = [each for each in shapes if ("fill", "#ffffff") not in each.look]
    paths, words = ([each for each in shapes if (each.kind == "text") == text] for text in (False, True))
    drawn = [page, *paths, *words]
    body = "".join(
        _together(look, [s.drawn for s in same]) for look, same in groupby(drawn, lambda s: s.look)
    )
    _, _, width, height = (f"{float(side):g}" for side in root.attrib["viewBox"].split())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 0 {width} {height}">{_clips(drawn, named)}'
        f'<g font-family="{_FONTS}" font-size="{SIZE:g}" fill="none" stroke-linejoin="round">{body}</g></svg>'
    ).encode()


def _shapes(
    element: ElementTree.Element, named: Mapping[str, ElementTree.Element], style: Mapping[str, str]
) -> Iterator[Shape]:
    """Yield what is drawn, in order, each with the style it has from the groups around it."""
    kind, style = element.tag.removeprefix(_SVG), {**style, **_style(element)}
    if kind == "text":
        yield Shape("text", _look(style), _words(element))
    elif kind == "path":
        yield _path(element, style, named, Path.of(element.get("d", "")))
    elif kind == "use":
        yield _mark(element, style, named)
    elif kind in {"svg", "g"}:
        for child in element:
            yield from _shapes(child, named, style)


def _style(element: ElementTree.Element) -> dict[str, str]:
    pairs = (pair.split(":", 1) for pair in element.get("style", "").split(";") if ":" in pair)
    style = {name.strip(): value.strip().removesuffix("px") for name, value in pairs}
    clip = element.get("clip-path")
    return style if clip is None else {**style, "clip-path": clip}


def _look(style: Mapping[str, str]) -> Look:
    return tuple(sorted((n, v) for n, v in style.items() if n not in _LEFT_OUT and (n, v) not in _USUAL))


def _path(
    element: ElementTree.Element, style: dict[str, str], named: Mapping[str, ElementTree.Element], path: Path
) -> Shape:
    """Return a path, clipped only if it leaves its panel."""
    style = {"fill": "#000000", **style}
    if "clip-path" in style and _inside(path, named[style["clip-path"][4:-1]][0]):
        del style["clip-path"]
    return Shape("path", _look(style), path)


def _inside(path: Path, panel: ElementTree.Element) -> bool:
    left, top, width, height = (10 * float(panel.attrib[name]) for name in ("x", "y", "width", "height"))
    return all(left - 1 <= x <= left + width + 1 and top - 1 <= y <= top + height + 1 for x, y in path.points)


def _mark(
    element: ElementTree.Element, style: dict[str, str], named: Mapping[str, ElementTree.Element]
) -> Shape:
    """Return a mark where it stands; a disc as a dot of a round pen."""
    form = named[element.attrib[_HREF]]
    right, down = (float(element.get(side, "0")) for side in "xy")
    path, style = Path.of(form.get("d", ""), right, down), {**style, **_style(form)}
    if not path.round or "stroke" in style:
        return _path(element, style, named, path)
    across = Path.of(form.get("d", "")).points
    pen = {
        "stroke": style["fill"],
        "stroke-width": f"{max(y for _, y in across) / 5:g}",
        "stroke-linecap": "round",
    }
    dot = Path.of(f"M {right} {down} L {right} {down}")
    return _path(element, {"fill": "none", **pen}, named, dot)


def _words(element: ElementTree.Element) -> str:
    place = _PLACE.search(element.get("transform", ""))
    x, y = place.groups() if place else (element.get("x", "0"), element.get("y", "0"))
    return f'<text x="{float(x):.1f}" y="{float(y):.1f}">{escape(element.text or "")}</text>'.replace(
        '.0"', '"'
    )


def _together(look: Look, drawn: list[Path | str]) -> str:
    attributes = "".join(f" {name}={quoteattr(value)}" for name, value in look)
    if isinstance(drawn[0], str):
        return f"<g{attributes}>{''.join(map(str, drawn))}</g>"
    path = Path(command for each in drawn if isinstance(each, Path) for command in each)
    return f'<path{attributes} d="{path}"/>'


def _clips(drawn: Iterable[Shape], named: Mapping[str, ElementTree.Element]) -> str:
    used = sorted({value for each in drawn for name, value in each.look if name == "clip-path"})
    written = []
    for value in used:
        panel = " ".join(
            f'{name}="{float(named[value[4:-1]][0].attrib[name]):g}"'
            for name in ("x", "y", "width", "height")
        )
        written.append(f'<clipPath id="{value[5:-1]}"><rect {panel}/></clipPath>')
    return f"<defs>{''.join(written)}</defs>" if written else ""
