"""The one error of this package."""

from __future__ import annotations

import re
from os import PathLike, fspath

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    r"\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_LONGEST_SHOWN = 200


class ArtilleryError(ValueError):
    """A file that is not a usable Artillery report or script.

    The message is one line without control characters: the file, the place in it, what came, what is allowed
    and what to do.

    Parameters
    ----------
    message : str
        What came; what is allowed; what to do.
    file : str or PathLike, optional
        The file concerned.
    place : str, optional
        Where in the file: a byte, or a key such as ``intermediate[3].counters``.

    Attributes
    ----------
    file, place : str or None
        As given; control characters are removed in the message only.

    Examples
    --------
    >>> print(ArtilleryError("-1 is not a count", file="run.json", place="aggregate.counters"))
    run.json: aggregate.counters: -1 is not a count
    """

    def __init__(
        self, message: str, *, file: str | PathLike[str] | None = None, place: str | None = None
    ) -> None:
        self.file = None if file is None else fspath(file)
        self.place = place
        self.reason = message
        super().__init__(printable(": ".join(part for part in (self.file, place, message) if part)))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.reason, self.file, self.place)


def _rebuild(message: str, file: str | None, place: str | None) -> ArtilleryError:
    return ArtilleryError(message, file=file, place=place)


def printable(text: str) -> str:
    r"""Return `text` fit for a terminal: control, bidirectional and surrogate characters become U+FFFD.

    Examples
    --------
    >>> printable("a\x1b[2Jb")
    'a�[2Jb'
    """
    return _CONTROL.sub("\ufffd", text)


def shown(value: object) -> str:
    """Return how an unexpected value is quoted in a message: as Python writes it, at most 60 characters.

    Examples
    --------
    >>> shown("x" * 1000)[-8:]
    'xxxxx...'
    """
    text = repr(value[:80] if isinstance(value, str | list) else value) if _is_short(value) else _kind(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_short(value: object) -> bool:
    return not isinstance(value, dict) and not (
        isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN
    )


def _kind(value: object) -> str:
    return "an object" if isinstance(value, dict) else "a number of more than 60 digits"
