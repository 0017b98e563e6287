"""The few words pictures share: names, shares, today's fleet."""

from __future__ import annotations

import math

from capacity.estimate import Estimate, number
from capacity.wording import visible

NAME = 40  # characters of a name that comes from data


def name_of(text: object) -> str:
    """Return a name from data as it may stand in a picture."""
    return visible(text, NAME)


def percent(share: float) -> str:
    """Return a share with as many digits as a title bears.

    Examples
    --------
    >>> percent(0.254), percent(0.0512), percent(0.0001), percent(0.0)
    ('25%', '5.12%', '<0.1%', '0%')
    """
    if 0 < share < 0.0005:
        return "<0.1%"
    return f"{number(100 * share) if share < 0.1 else round(100 * share)}%"


def todays(count: int) -> str:
    """Return today's fleet in words."""
    return "today's instance" if count == 1 else f"today's {count} instances"


def short(estimate: Estimate) -> str:
    """Return an estimate without its interval, as it stands beside its mark.

    Examples
    --------
    >>> short(Estimate.at_least(180.0, unit="req/s", method="", provenance="measured"))
    '≥ 180'
    """
    if not math.isfinite(estimate.high):
        return f"≥ {number(estimate.low)}"
    if estimate.value is not None:
        return number(estimate.value)
    high = number(estimate.high)
    return f"{number(estimate.low)}–{high}" if estimate.low > 0 else f"≤ {high}"
