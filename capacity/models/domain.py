"""The values a formula holds for, checked where they come in; units are part of the names in the messages."""

from __future__ import annotations

import math

from capacity.errors import DomainError


def not_negative(**values: float) -> None:
    """Refuse anything but finite numbers of at least 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a finite number, 0 or above")


def positive(**values: float) -> None:
    """Refuse anything but finite numbers above 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a finite number above 0")


def fraction(**values: float) -> None:
    """Refuse anything not strictly between 0 and 1."""
    for name, value in values.items():
        if not 0 < value < 1:
            raise DomainError(f"{_words(name)} {value:g} does not lie between 0 and 1; write 95% as 0.95")


def count(**values: float) -> None:
    """Refuse anything but whole numbers of at least 1."""
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 1 and value == int(value)):
            raise DomainError(f"{_words(name)} {value:g} is not allowed; give a whole number, 1 or above")


def _words(name: str) -> str:
    return name.replace("_", " ")
