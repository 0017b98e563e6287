"""The folder of each report in a run of many: safe on every system, unique, and as short as that allows."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_NAMELESS = "service"


def slugs(services: Sequence[tuple[str, Path]]) -> list[str]:
    """Name the folder of each report: after its service, and where that is not enough, its file and folder.

    The names do not depend on the order, unless everything about two plans is alike.

    Examples
    --------
    >>> slugs([("Web shop", Path("a/plan.toml")), ("web-shop", Path("b/plan.toml")), ("Café", Path("c.toml"))])
    ['web-shop-a', 'web-shop-b', 'cafe']
    """
    ways = [_names(name, path) for name, path in services]
    chosen = [way[0] for way in ways]
    for attempt in (1, 2):
        often = Counter(chosen)
        chosen = [way[attempt] if often[slug] > 1 else slug for way, slug in zip(ways, chosen, strict=True)]
    taken: Counter[str] = Counter()
    for i, slug in enumerate(chosen):
        while taken[chosen[i]]:
            taken[slug] += 1
            chosen[i] = f"{slug}-{taken[slug]}"
        taken[chosen[i]] = 1
    return chosen


def _names(name: str, path: Path) -> tuple[str, str, str]:
    """Name a report ever more precisely: by its service, the file, the folder of the file."""
    places = path.parts[:-1] if path.stem == "plan" else (*path.parts[:-1], path.stem)
    file, folder = places[-1:], places[-2:]
    usual = _slug(name) or _slug(*file) or _NAMELESS
    return usual, _slug(usual, *file), _slug(usual, *folder)


def _slug(*parts: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", "-".join(parts)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:60].strip("-")
