"""How much room words take, how they are broken into lines, and how labels are kept apart.

Readers have other fonts than whoever draws: widths are those of DejaVu Sans, which is among the widest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

SIZE, TITLE = 10.5, 12.5  # of words, and of the message on top [points]
LINE = 14.5  # height of a line of words [points]
BOLD = 1.15  # width of bold letters over that of others

_NARROW, _WIDE = frozenset("fijlrtI.,:;'|! ()[]/-"), frozenset("mwMW%@−+=<>≥≤×…&◆●")
_ADVANCE = {"narrow": 0.38, "wide": 0.92, "capital": 0.72, "letter": 0.625, "whole": 1.05}  # of the size


def width_of(text: str, size: float = SIZE) -> float:
    """Return the width of the longest line of some words. [points]

    Examples
    --------
    >>> width_of("iii") < width_of("nnn") < width_of("日本語")
    True
    """
    return size * max(sum(map(_advance, line)) for line in text.split("\n"))


def _advance(character: str) -> float:
    if character in _NARROW:
        return _ADVANCE["narrow"]
    if character in _WIDE:
        return _ADVANCE["wide"]
    if unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "So":
        return _ADVANCE["whole"]
    return _ADVANCE["capital" if character.isupper() else "letter"]


def wrapped(text: str, width: float, size: float = SIZE, most: int | None = None) -> list[str]:
    """Break words into lines of a width, words that are wider within; of more lines the last ends in "…".

    Examples
    --------
    >>> wrapped("a rather long name of a service", 70.0, most=2)
    ['a rather long', 'name of a…']
    """
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and width_of(f"{lines[-1]} {word}", size) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
        while width_of(lines[-1], size) > width and len(lines[-1]) > 1:
            fits = next(
                n for n in range(len(lines[-1]) - 1, 0, -1) if n == 1 or _fits(lines[-1][:n], width, size)
            )
            lines[-1:] = [lines[-1][:fits], lines[-1][fits:]]
    if most is None or len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and not _fits(f"{last}…", width, size):
        last = last[:-1]
    return [*lines[: most - 1], f"{last}…"]


def _fits(text: str, width: float, size: float) -> bool:
    return width_of(text, size) <= width


def spread(heights: Sequence[float], sizes: Sequence[float], bottom: float, top: float) -> list[float]:
    """Move rising positions apart, as little as possible, until labels of these sizes do not meet. [points]

    Labels that would meet are stacked about where they belong, from `bottom` to `top` as far as they fit.

    Examples
    --------
    >>> spread([10.0, 12.0, 80.0], [14.0, 14.0, 14.0], 0.0, 200.0)
    [4.0, 18.0, 80.0]
    >>> spread([198.0, 199.0], [14.0, 14.0], 0.0, 200.0)
    [186.0, 200.0]
    """
    between = [(low + high) / 2 for low, high in pairwise(sizes)]
    room = np.concatenate([[0.0], np.cumsum(between)])[: len(heights)]
    stacks: list[list[float]] = []  # where each label of a stack would want the first of all to be
    for wish in np.clip(heights, bottom, top) - room:
        stacks.append([float(wish)])
        while len(stacks) > 1 and np.mean(stacks[-2]) > np.mean(stacks[-1]):
            stacks[-2:] = [stacks[-2] + stacks[-1]]
    placed = np.array([np.mean(stack) for stack in stacks for _ in stack]) + room
    placed = np.maximum(placed, bottom + room)
    return [float(y) for y in np.minimum(placed, top - room[-1:].sum() + room)]
