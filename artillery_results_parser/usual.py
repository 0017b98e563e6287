"""The short way through an export that is exactly as Artillery writes it now; all else goes the long way.

Nothing is taken on trust: an export passes only if the long way (`decode`) would return the same. Half of it is
``histograms``, byte for byte what ``summaries`` says; each such pair is cut out, compared and read once, and
a number is left in its place. What remains is small. Every key is counted in the text and in what was read,
as doubled keys make the text hold more.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from artillery_results_parser.decode import keys_in
from artillery_results_parser.values import LARGEST_COUNT, Block

_FIRST, _SECOND = b'"summaries"', b'"histograms"'
_KEYS = 1 + len(Block.__struct_fields__)

_Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)]
_Slice = dict[str, _Count | str | dict[str, _Count] | None]
_Blocks = dict[str, Block]


class _Export(msgspec.Struct, forbid_unknown_fields=True):
    aggregate: _Slice
    intermediate: list[_Slice]


_export = msgspec.json.Decoder(_Export).decode
_blocks = msgspec.json.Decoder(_Blocks).decode


class UnusualError(Exception):
    """The export has to go the long way."""


def read_usual(text: bytes) -> dict[str, Any]:
    """Return the tree of an export of today's version: counters are counts, summaries are blocks.

    Raises
    ------
    UnusualError
        If anything at all is out of the ordinary.
    """
    rest, found = _cut(text)
    try:
        export = _export(rest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnusualError from None
    slices = [export.aggregate, *export.intermediate]
    keys = 2 + sum(map(len, slices))
    keys += sum(len(inner) for one in slices for inner in one.values() if type(inner) is dict)
    if (b"\\" in rest and rb"\u" in rest) or len(found) != len(slices) or not _counted(rest, keys):
        raise UnusualError
    tree: dict[str, Any] = {"aggregate": export.aggregate, "intermediate": export.intermediate}
    for one in (tree["aggregate"], *tree["intermediate"]):
        one["summaries"] = found[_number(one)]
    return tree


def _number(one: dict[str, Any]) -> int:
    number = one.get("summaries")
    if type(number) is not int or "histograms" in one:
        raise UnusualError
    return number


def _cut(text: bytes) -> tuple[bytes, list[_Blocks]]:
    """Return the text with a number for each pair of equal ``summaries`` and ``histograms``, and the pairs."""
    rest: list[bytes] = []
    found: list[_Blocks] = []
    done = 0
    while (first := text.find(_FIRST, done)) >= 0:
        second = text.find(_SECOND, first)
        value = text[first + len(_FIRST) : text.rfind(b"}", first, second) + 1]
        if (
            second < 0
            or not text.startswith(value, second + len(_SECOND))
            or text[first + len(_FIRST) + len(value) : second].strip() != b","
        ):
            raise UnusualError
        rest += text[done:first], b"%s:%d" % (_FIRST, len(found))
        found.append(_read(value))
        done = second + len(_SECOND) + len(value)
    return b"".join((*rest, text[done:])), found


def _read(value: bytes) -> _Blocks:
    """Read ``: {...}``."""
    if value[:1] != b":":
        raise UnusualError
    try:
        blocks = _blocks(memoryview(value)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UnusualError from None
    if not _counted(value, _KEYS * len(blocks), 1):
        raise UnusualError
    return blocks


def _counted(text: bytes, keys: int, more: int = 0) -> bool:
    """Whether the text has so many keys, and `more` colons; a colon inside a name needs the exact count."""
    return text.count(b":") == keys + more or keys_in(text) == keys
