"""When requests come: at random, evenly, as recorded, in bursts, or with the hour of the day."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.distributions import Distribution
from capacity.shown import Shown


class Arrivals(Protocol):
    """What all have in common; time starts at 0 and a run asks for its first `count` arrivals.

    Examples
    --------
    >>> import numpy as np
    >>> import capacity as cap
    >>> users = cap.simulation.Poisson(rate=250)  # [req/s]
    >>> users.times(3, np.random.default_rng(1)).round(4)  # [s]
    array([0.0043, 0.0055, 0.027 ])
    """

    @property
    def rate(self) -> float:
        """Mean rate in the long run [req/s]."""

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]."""

    def at(self, rate: float) -> Arrivals:
        """Return the same pattern with another mean rate [req/s]; equal draws then give comparable runs."""


@dataclass(frozen=True)
class Poisson(Shown):
    """Many users who do not know of each other.

    Parameters
    ----------
    rate : float
        Mean arrivals. [req/s]

    Examples
    --------
    >>> Poisson(100.0).times(3, np.random.default_rng(1)).round(4)
    array([0.0107, 0.0138, 0.0676])
    """

    rate: float

    def __post_init__(self) -> None:
        domain.positive(arrival_rate=self.rate)

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]."""
        return _sums(rng.standard_exponential(count), 1 / self.rate)

    def at(self, rate: float) -> Poisson:
        """Return the same with another rate [req/s]."""
        return replace(self, rate=rate)


@dataclass(frozen=True)
class Even(Shown):
    """One request every 1 / rate seconds, as load generators send them.

    Parameters
    ----------
    rate : float
        Arrivals. [req/s]

    Examples
    --------
    >>> Even(100.0).times(3, np.random.default_rng(1))
    array([0.01, 0.02, 0.03])
    """

    rate: float

    def __post_init__(self) -> None:
        domain.positive(arrival_rate=self.rate)

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]."""
        return np.arange(1, count + 1) / self.rate

    def at(self, rate: float) -> Even:
        """Return the same with another rate [req/s]."""
        return replace(self, rate=rate)


@dataclass(frozen=True)
class Renewal(Shown):
    """Independent times between arrivals, from any law.

    Examples
    --------
    >>> from capacity.models.distributions import Erlang
    >>> Renewal(Erlang(0.01, phases=2)).rate
    100.0
    """

    between: Distribution

    @property
    def rate(self) -> float:
        """Mean rate, one over the mean time between arrivals [req/s]."""
        return 1 / self.between.mean

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]."""
        return _sums(self.between.sample(count, rng), 1.0)

    def at(self, rate: float) -> Renewal:
        """Return the same law stretched to another mean rate [req/s]."""
        domain.positive(arrival_rate=rate)
        return Renewal(self.between.scaled(self.rate / rate))


@dataclass(frozen=True)
class Trace(Shown):
    """Arrivals as they were recorded; a run can be no longer than the record.

    Parameters
    ----------
    instants : tuple of float
        At least two, in order, the first at 0 or later. [s]

    Examples
    --------
    >>> Trace((0.0, 0.4, 1.0)).rate
    2.0
    """

    instants: tuple[float, ...]

    def __post_init__(self) -> None:
        moments = np.asarray(self.instants, dtype=float)
        if moments.size < 2 or moments[-1] <= moments[0]:
            raise DomainError(f"{moments.size} arrivals give no rate; give at least two at different times")
        if not np.isfinite(moments).all() or moments[0] < 0:
            raise DomainError("arrival times must be finite and not before 0; subtract the time of the first")
        if (back := np.flatnonzero(np.diff(moments) < 0)).size:
            raise DomainError(f"arrival {back[0] + 2} comes before arrival {back[0] + 1}; sort the times")
        object.__setattr__(self, "instants", tuple(moments.tolist()))

    @property
    def rate(self) -> float:
        """Mean rate from the first arrival to the last [req/s]."""
        return (len(self.instants) - 1) / (self.instants[-1] - self.instants[0])

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` recorded times [s]."""
        if count > len(self.instants):
            raise DomainError(f"{count} requests asked of a trace of {len(self.instants)}; ask for no more")
        return np.asarray(self.instants[:count])

    def at(self, rate: float) -> Trace:
        """Return the same record played faster or slower [req/s]."""
        domain.positive(arrival_rate=rate)
        return Trace(tuple((np.asarray(self.instants) * (self.rate / rate)).tolist()))


@dataclass(frozen=True)
class Mmpp(Shown):
    """Bursts: a Poisson process whose rate is switched, in turn, after exponential times (MMPP).

    Parameters
    ----------
    rates : tuple of float
        Rate in each state, 0 or above, not all 0. The states follow each other in this order, round and round. [req/s]
    durations : tuple of float
        Mean time in each state. [s]

    References
    ----------
    .. [1] Fischer, Meier-Hellstern, The Markov-modulated Poisson process cookbook, Performance Evaluation 18, 1993.

    Examples
    --------
    >>> bursty = Mmpp(rates=(50.0, 500.0), durations=(9.0, 1.0))
    >>> bursty.rate, round(bursty.dispersion)
    (95.0, 346)
    """

    rates: tuple[float, ...]
    durations: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", _rates(self.rates, self.durations, "durations"))
        for duration in self.durations:
            domain.positive(duration=duration)
        object.__setattr__(self, "durations", tuple(map(float, self.durations)))

    @property
    def rate(self) -> float:
        """Mean rate over all states [req/s]."""
        return float(np.dot(self.rates, self.durations)) / sum(self.durations)

    @property
    def dispersion(self) -> float:
        """Index of dispersion for counts over a long time, variance over mean: 1 for Poisson, more in bursts [1]."""
        rates, leave = np.asarray(self.rates), 1 / np.asarray(self.durations)
        states = len(rates)
        generator = np.roll(np.eye(states), 1, axis=1) * leave[:, None] - np.diag(leave)
        share = np.asarray(self.durations) / sum(self.durations)
        everywhere = np.tile(share, (states, 1))
        deviation = np.linalg.inv(everywhere - generator) - everywhere
        return float(1 + 2 * (share * rates) @ deviation @ rates / self.rate)

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]; the first state is drawn by its share of time."""
        work = np.cumsum(rng.standard_exponential(count))
        rates, means = np.asarray(self.rates), np.asarray(self.durations)
        state = int(rng.choice(means.size, p=means / means.sum()))
        ends, done = np.zeros(1), np.zeros(1)
        while count and done[-1] < work[-1]:
            missing = (work[-1] - done[-1]) / float(rates @ means)
            visits = (state + np.arange(means.size * (math.ceil(missing * 1.1) + 8))) % means.size
            stays = rng.standard_exponential(visits.size) * means[visits]
            ends = np.concatenate([ends, ends[-1] + np.cumsum(stays)])
            done = np.concatenate([done, done[-1] + np.cumsum(stays * rates[visits])])
            state = (state + visits.size) % means.size
        return _when_done(work, ends, done)

    def at(self, rate: float) -> Mmpp:
        """Return bursts as long and as far apart with all rates raised alike [req/s]."""
        domain.positive(arrival_rate=rate)
        return replace(self, rates=tuple(one * (rate / self.rate) for one in self.rates))


@dataclass(frozen=True)
class Varying(Shown):
    """Poisson arrivals whose rate follows the clock in steps.

    Parameters
    ----------
    starts : tuple of float
        Times at which a new rate begins: the first 0, rising. [s]
    rates : tuple of float
        Rate from each start on, 0 or above. [req/s]
    period : float, optional
        Time after which all repeats, after the last start; without it the last rate goes on for ever and must not be
        0. [s]

    Examples
    --------
    >>> day = Varying(starts=(0.0, 28_800.0, 72_000.0), rates=(20.0, 200.0, 50.0), period=86_400.0)
    >>> round(day.rate, 3)
    115.0
    """

    starts: tuple[float, ...]
    rates: tuple[float, ...]
    period: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", _rates(self.rates, self.starts, "starts"))
        starts = np.asarray(self.starts, dtype=float)
        if not np.isfinite(starts).all() or starts[0] != 0 or (np.diff(starts) <= 0).any():
            raise DomainError(f"starts {self.starts} do not rise from 0; begin at 0 and give each time once")
        if self.period is None and self.rates[-1] == 0:
            raise DomainError(
                "the last rate is 0 and goes on for ever; give a period after which all repeats"
            )
        if self.period is not None and not (math.isfinite(self.period) and self.period > starts[-1]):
            raise DomainError(f"period {self.period:g} s is not after the last start, {starts[-1]:g} s")
        object.__setattr__(self, "starts", tuple(starts.tolist()))

    @property
    def rate(self) -> float:
        """Mean rate over a period, or the last rate where nothing repeats [req/s]."""
        if self.period is None:
            return self.rates[-1]
        return float(np.diff([*self.starts, self.period]) @ self.rates) / self.period

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return the first `count` arrival times, in order [s]."""
        work = np.cumsum(rng.standard_exponential(count))
        ends = np.asarray([*self.starts, *(() if self.period is None else (self.period,))])
        done = np.concatenate([[0.0], np.cumsum(np.diff(ends) * self.rates[: ends.size - 1])])
        if self.period is not None:
            rounds = np.floor(work / done[-1])
            return rounds * self.period + _when_done(work - rounds * done[-1], ends, done)
        late = ends[-1] + (work - done[-1]) / self.rates[-1]
        return np.where(work > done[-1], late, _when_done(work, ends, done))

    def at(self, rate: float) -> Varying:
        """Return the same clock with all rates raised alike [req/s]."""
        domain.positive(arrival_rate=rate)
        return replace(self, rates=tuple(one * (rate / self.rate) for one in self.rates))


def _sums(between: np.ndarray, scale: float) -> np.ndarray:
    between *= scale
    return np.cumsum(between, out=between)


def _rates(rates: tuple[float, ...], others: tuple[float, ...], name: str) -> tuple[float, ...]:
    if len(rates) != len(others) or not rates:
        raise DomainError(f"{len(rates)} rates and {len(others)} {name}; give as many of each, at least one")
    for rate in rates:
        domain.not_negative(arrival_rate=rate)
    if not any(rates):
        raise DomainError("all rates are 0, so nothing arrives; give at least one above 0")
    return tuple(map(float, rates))


def _when_done(work: np.ndarray, ends: np.ndarray, done: np.ndarray) -> np.ndarray:
    """Times at which a Poisson process of rate 1 has come to `work`, run at speeds that lead to `done` at `ends`."""
    if ends.size == 1:
        return np.full(work.shape, ends[0])
    place = np.clip(np.searchsorted(done, work, side="left"), 1, ends.size - 1)
    low, high = done[place - 1], done[place]
    share = np.divide(work - low, high - low, out=np.zeros_like(work), where=high > low)
    return ends[place - 1] + np.clip(share, 0.0, 1.0) * (ends[place] - ends[place - 1])
