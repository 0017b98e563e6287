"""A number with its interval, its unit and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np

from capacity.errors import DomainError, NotIdentified

Provenance = Literal["measured", "config", "vendor", "survey", "assumed"]
_FIRMEST_FIRST: tuple[Provenance, ...] = get_args(Provenance)


def weakest(*provenances: Provenance) -> Provenance:
    """Return the provenance of a number computed from several: that of its least firm input."""
    return max(provenances, key=_FIRMEST_FIRST.index)


@dataclass(frozen=True)
class Estimate:
    """A quantity as an interval, never as a bare number.

    Parameters
    ----------
    value : float or None
        Best single value; None where the evidence only bounds the quantity. [`unit`]
    low, high : float
        Interval; ``-inf`` or ``inf`` where one side is open ("at least", "at most"). [`unit`]
    unit : str
        Unit, e.g. ``"req/s"``, ``"s"``; ``""`` for a fraction.
    method : str
        How the number was obtained, in a few words.
    provenance : {"measured", "config", "vendor", "survey", "assumed"}
        The class of its least firm input.
    level : float
        Confidence of the interval. [fraction]

    Raises
    ------
    DomainError
        If the bounds are reversed or not numbers, or the value lies outside them.

    Examples
    --------
    >>> print(Estimate(298.0, 294.0, 303.0, unit="req/s", method="batch means", provenance="measured"))
    298 req/s (294 to 303)
    >>> print(Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured"))
    at least 180 req/s
    """

    value: float | None
    low: float
    high: float
    unit: str
    method: str
    provenance: Provenance
    level: float = 0.9

    def __post_init__(self) -> None:
        if math.isnan(self.low) or math.isnan(self.high) or self.low > self.high:
            raise DomainError(f"{self.low} to {self.high} is no interval; check the method {self.method!r}")
        if not 0 < self.level < 1:
            raise DomainError(f"confidence level {self.level} is not between 0 and 1")
        if self.value is None or self.low <= self.value <= self.high:
            return
        if not (math.isclose(self.value, self.low) or math.isclose(self.value, self.high)):
            interval = f"{self.low} to {self.high}"
            raise DomainError(f"{self.value} lies outside its interval {interval} ({self.method})")
        object.__setattr__(self, "low", min(self.low, self.value))  # outside by rounding only
        object.__setattr__(self, "high", max(self.high, self.value))

    @classmethod
    def at_least(cls, low: float, *, unit: str, method: str, provenance: Provenance) -> Estimate:
        """Bound from below only: the test never reached the limit [`unit`]."""
        return cls(None, low, math.inf, unit, method, provenance)

    @classmethod
    def at_most(cls, high: float, *, unit: str, method: str, provenance: Provenance) -> Estimate:
        """Bound from above only: the test was beyond the limit all along [`unit`]."""
        return cls(None, 0.0, high, unit, method, provenance)

    @classmethod
    def between(cls, low: float, high: float, *, unit: str, method: str, provenance: Provenance) -> Estimate:
        """Bracket: it held at `low` and failed at `high`, nothing was tested between [`unit`]."""
        return cls(None, low, high, unit, method, provenance)

    @classmethod
    def exactly(cls, value: float, *, unit: str, method: str, provenance: Provenance) -> Estimate:
        """A value taken as given, such as a setting [`unit`]."""
        return cls(value, value, value, unit, method, provenance)

    @classmethod
    def of_sample(
        cls, sample: np.ndarray, *, unit: str, method: str, provenance: Provenance, level: float = 0.9
    ) -> Estimate:
        """Median of sampled worlds, and the quantiles between which the share `level` of them lies [`unit`]."""
        low, value, high = (float(q) for q in np.quantile(sample, [(1 - level) / 2, 0.5, (1 + level) / 2]))
        return cls(value, low, high, unit, method, provenance, level)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Estimate:
        """Return the estimate that `to_dict` made plain, its numbers in its unit; an open side is null [`unit`].

        Examples
        --------
        >>> bound = Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured")
        >>> Estimate.from_dict(bound.to_dict()) == bound
        True
        """
        low, high = plain["low"], plain["high"]
        sides = {"low": -math.inf if low is None else low, "high": math.inf if high is None else high}
        return cls(**{**plain, **sides})

    @property
    def bounded(self) -> bool:
        """Whether both sides of the interval are known."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def middle(self) -> float:
        """Where it stands as one number: its value, the middle of its bracket, or its bound [`unit`].

        Examples
        --------
        >>> Estimate.between(200.0, 300.0, unit="req/s", method="steps", provenance="measured").middle
        250.0
        >>> Estimate.at_least(180.0, unit="req/s", method="never saturated", provenance="measured").middle
        180.0
        """
        if self.value is not None:
            return self.value
        if self.bounded:
            return (self.low + self.high) / 2
        return self.low if math.isfinite(self.low) else self.high

    @property
    def known_low(self) -> float:
        """What is sure to be there as one number: its value, or the low end of its bracket [`unit`].

        Examples
        --------
        >>> Estimate.between(200.0, 300.0, unit="req/s", method="steps", provenance="measured").known_low
        200.0
        """
        return self.low if self.value is None else self.value

    @property
    def standard_error(self) -> float:
        """Standard error of a normal quantity with this interval, (high − low) / 2 z [`unit`]."""
        return (self.high - self.low) / 2 / self._reach

    @property
    def _reach(self) -> float:
        """Standard errors from the middle of a normal interval to its ends."""
        return NormalDist().inv_cdf((1 + self.level) / 2)

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw values that respect the interval: two half-normals about the value, uniform in a bracket [`unit`].

        Raises
        ------
        NotIdentified
            If one side is open; use `low`, or run a test that reaches the limit.
        """
        if not self.bounded:
            raise NotIdentified(
                f"{self} has no distribution; plan with its known bound or test for the other"
            )
        if self.value is None:
            return rng.uniform(self.low, self.high, size)
        draws = rng.standard_normal(size)
        width = np.where(draws < 0, self.value - self.low, self.high - self.value) / self._reach
        draws = self.value + draws * width
        return np.maximum(draws, 0.0) if self.low >= 0 else draws

    def scaled(self, factor: float, *, method: str | None = None) -> Estimate:
        """Return the same estimate per instance, or in other units [`unit`]; the factor is above 0 [1]."""
        value = None if self.value is None else self.value * factor
        low, high = self.low * factor, self.high * factor
        return replace(self, value=value, low=low, high=high, method=method or self.method)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; an open side is null."""
        return {
            "value": self.value,
            "low": self.low if math.isfinite(self.low) else None,
            "high": self.high if math.isfinite(self.high) else None,
            "level": self.level,
            "unit": self.unit,
            "method": self.method,
            "provenance": self.provenance,
        }

    @property
    def _is_money(self) -> bool:
        """Whether the unit is a currency: three capital letters."""
        return len(self.unit) == 3 and self.unit.isascii() and self.unit.isupper()

    def _repr_html_(self) -> str:
        how = f"{self.provenance}: {self.method}" if self.method else self.provenance
        shown: str = import_module("capacity.display").prose(f"{self} ({how})")._repr_html_()  # a layer above
        return shown

    def __str__(self) -> str:
        if self._is_money and self.value is not None and self.bounded:
            return money(self)
        unit = self.unit if self.unit in {"", "%"} else f" {self.unit}"
        if not math.isfinite(self.high):
            bound = f"at least {number(self.low)}{unit}"
            return bound if self.value is None else f"{number(self.value)}{unit} ({bound})"
        if self.value is None and self.low <= 0:
            return f"at most {number(self.high)}{unit}"
        if self.value is None:
            return f"{number(self.low)} to {number(self.high)}{unit}"
        if self.low == self.high:
            return f"{number(self.value)}{unit}"
        return f"{number(self.value)}{unit} ({number(self.low)} to {number(self.high)})"


def number(value: float) -> str:
    """Write a number with three significant digits, and no fewer than its integer part has.

    Examples
    --------
    >>> number(1234.5), number(0.04612), number(298.04)
    ('1,234', '0.0461', '298')
    """
    if 100 <= abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def money(amount: float | Estimate, currency: str | None = None, *, interval: bool = True) -> str:
    """Write money as a reader of invoices would round it: three significant digits, no more than two decimals.

    An estimate has its currency as its unit, and is written with its interval unless that is not wanted.

    Examples
    --------
    >>> money(12345.6, "USD"), money(46.93), money(3.234, "EUR"), money(-0.001)
    ('USD 12,300', '47', 'EUR 3.23', '0')
    >>> money(Estimate(172580.4, 66810.0, 344496.0, "USD", "", "assumed"))
    'USD 173,000 (66,800 to 344,000)'
    """
    if not isinstance(amount, Estimate):
        return f"{currency} {_rounded(amount)}" if currency else _rounded(amount)
    if amount.value is None or not amount.bounded:
        return str(amount)
    told = money(amount.value, amount.unit)
    if amount.low == amount.high or not interval:
        return told
    return f"{told} ({_rounded(amount.low)} to {_rounded(amount.high)})"


def _rounded(amount: float) -> str:
    digits = 2 if abs(amount) < 10 else 0 if abs(amount) < 1000 else 2 - math.floor(math.log10(abs(amount)))
    rounded = round(float(amount), digits) + 0.0
    return f"{rounded:,.0f}" if rounded.is_integer() else f"{rounded:,.2f}"
