"""From JSON text to plain objects, refusing what a JSON reader lets pass: doubled keys, depth, surrogates.

msgspec reads fast and exactly, but keeps the last of two equal keys without a word. Two equal keys mean that
the object holds fewer keys than the text, so the two are counted; only where they differ is the text read
again, slowly, to name the key.
"""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import Any, NoReturn

import msgspec

from artillery_results_parser.errors import ArtilleryError, shown
from artillery_results_parser.recognise import other_format
from artillery_results_parser.source import Source

DEEPEST = 64
"""Levels of nesting read; a report has six. [levels]"""

_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_SPACED_KEY = re.compile(rb'"[ \t\r\n]+:')
_HUGE = re.compile(rb"\d{300,}|\d[eE]\+?\d{3,}")
_PLACE = re.compile(r" \(byte (\d+)\)")
_NESTED = {dict, list}


def decode(source: Source) -> tuple[Any, tuple[str, ...]]:
    """Return the JSON value of `source`, and notes on what was replaced.

    Raises
    ------
    ArtilleryError
        If the text is not exactly one JSON value, repeats a key, or is nested deeper than `DEEPEST`.
    """
    text, notes = _without_lone_surrogates(source.text)
    try:
        value = msgspec.json.decode(text)
        keys = _keys(value, source.path) if isinstance(value, dict | list) else 0
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse(source, text, error)
    except RecursionError:
        raise _too_deep(source.path) from None
    if keys != keys_in(text):
        _refuse_doubled_keys(source.path, text)
    return value, notes


def _keys(value: Any, path: str, depth: int = 1) -> int:
    """Count the keys of all objects in `value`."""
    if depth > DEEPEST:
        raise _too_deep(path)
    count, below = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    kinds = set(map(type, below))
    if kinds.isdisjoint(_NESTED):
        return count
    if (
        kinds == {dict}
        and depth < DEEPEST
        and _NESTED.isdisjoint(map(type, chain.from_iterable(map(dict.values, below))))
    ):
        return count + sum(map(len, below))
    return count + sum(_keys(item, path, depth + 1) for item in below if type(item) in _NESTED)


def keys_in(text: bytes) -> int:
    """Count the keys in JSON text: exact or, where a string starts with a colon, too high; never too low."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"__").replace(rb"\"", b"__")
    adjacent = text.count(b'":')
    spaced = text.count(b":") > adjacent and any(
        space + b":" in text for space in (b" ", b"\t", b"\r", b"\n")
    )
    return adjacent + (len(_SPACED_KEY.findall(text)) if spaced else 0)


def _refuse_doubled_keys(path: str, text: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        for key, value in pairs:
            if key in known:
                message = f"the key {shown(key)} comes twice in one object; keys are unique: remove one"
                raise ArtilleryError(message, file=path)
            known[key] = value
        return known

    json.loads(text, object_pairs_hook=unique, parse_float=str, parse_int=str)


def _without_lone_surrogates(text: bytes) -> tuple[bytes, tuple[str, ...]]:
    if b"\\" not in text or (rb"\ud" not in text and rb"\uD" not in text):
        return text, ()
    replaced = 0

    def replace(match: re.Match[bytes]) -> bytes:
        nonlocal replaced
        replaced += match[2] is not None
        return rb"\ufffd" if match[2] else match[0]

    text = _ESCAPE.sub(replace, text)
    return text, (f"{replaced} broken characters (lone surrogates) became U+FFFD",) if replaced else ()


def _too_deep(path: str) -> ArtilleryError:
    return ArtilleryError(
        f"nested deeper than {DEEPEST} levels; a report has six: this is something else", file=path
    )


def _refuse(source: Source, text: bytes, error: Exception) -> NoReturn:
    """Say what is wrong with text that is not JSON."""
    if guess := other_format(text):
        raise ArtilleryError(f"not an Artillery report: {guess}", file=source.path) from None
    try:
        msgspec.json.decode(text)
        reason = str(error)
    except (msgspec.DecodeError, UnicodeDecodeError) as whole:
        reason = str(whole)
    message, place = _explained(text, reason)
    raise ArtilleryError(message, file=source.path, place=place) from None


def _explained(text: bytes, reason: str) -> tuple[str, str | None]:
    if "truncated" in reason:
        message = "the export was cut: the text ends inside the JSON value; copy the whole file again"
        return message, f"byte {len(text)}"
    if (error := _not_utf8(text)) is not None:
        return "not UTF-8 text; save the file as UTF-8 (Artillery writes UTF-8)", f"byte {error.start}"
    at = int(found[1]) if (found := _PLACE.search(reason)) else 0
    place = f"byte {at}" if found else None
    came = text[max(at - 1, 0) : at + 12]
    if "trailing characters" in reason:
        return "more text follows the JSON value; a report is exactly one object: split the file", place
    if re.search(rb"NaN|Inf", came):
        return "NaN and Infinity are not JSON; Artillery writes null: write null instead", place
    if "out of range" in reason:
        where = _HUGE.search(text)
        message = "a number is out of range (at most 1.8e308); put the right one there, or export again"
        return message, f"byte {where.start()}" if where else None
    reason = _PLACE.sub("", reason).removeprefix("JSON is malformed: ")
    return (
        f"not JSON: {reason} at {came.decode(errors='replace')!r}; export again or mend the text there",
        place,
    )


def _not_utf8(text: bytes) -> UnicodeDecodeError | None:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error
    return None
