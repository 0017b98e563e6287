"""From a table of loads and response times to the station behind them: workers, service times, and what they carry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.models.stations.erlang import erlang_c
from capacity.models.stations.twomoments import Law, cells, quantile, relative_scatter, waiting
from capacity.shown import Shown

_LOADS = 3  # different ones needed
_SCVS = (0.0, 0.05, 0.1, 0.2, 0.33, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 6.0, 9.0)  # tried
_SERVERS = (*range(1, 17), *range(18, 33, 2), *range(36, 65, 4), *range(72, 129, 8))  # tried
_SERVICE_TIMES = np.linspace(0.5, 1.03, 36)  # tried, over the mean at the lowest load [1]
_CLOSER = np.linspace(0.985, 1.015, 7)  # tried around the best service time of a station [1]
_CLOSEST = np.linspace(0.99, 1.01, 41)  # tried around the best of all [1]
_FINER = (0.7, 0.8, 0.9, 1.0, 1.12, 1.25, 1.4)  # scvs tried around that of the best [1]
_PROMISING, _BEST = 24, 8  # stations looked at with all quantiles, and with all finer values
_ERROR = 0.015  # of the model itself [fraction]
_SYSTEMATIC = 0.012  # of a capacity, from the approximations used [fraction]
_TOGETHER = 2.0  # independent statistics that those of one load are worth
_FULLEST = 0.995  # utilization up to which a queue is taken to be in steady state
_RATES = 1 - np.geomspace(0.95, 0.002, 60)  # utilizations at which capacities are read
_FAMILIES = ("gamma", "lognormal", "two exponentials")
_LIKELY = 1e-4  # weight over the largest, below which a world is left out


@dataclass(frozen=True, eq=False)
class StationFit(Shown):
    """Stations that may be behind a table, each with its weight.

    Parameters
    ----------
    servers, service_times, weights : ndarray
        Of each world. [servers], [s], [fraction]
    laws : tuple of Law
        Of the service times, with mean 1, of each world.
    scvs : ndarray
        Squared coefficient of variation of the service times. [1]
    arrival_scv : float
        Of the arrivals. [1]
    level : float
        Confidence of the intervals. [fraction]

    Examples
    --------
    >>> one = np.array([1.0])
    >>> law = Law.gamma(mean=1.0, scv=1.0)
    >>> fit = StationFit(8 * one, 0.02 * one, one, (law,), scvs=one, arrival_scv=1.0, level=0.9)  # [servers], [s]
    >>> print(fit.saturation_throughput)
    400 req/s (392 to 408)
    """

    servers: np.ndarray
    service_times: np.ndarray
    weights: np.ndarray
    laws: tuple[Law, ...]
    scvs: np.ndarray
    arrival_scv: float
    level: float

    @cached_property
    def saturation_throughput(self) -> Estimate:
        """Rate at which all servers are busy. [req/s]"""
        return self._estimate(self.servers / self.service_times, "req/s")

    @cached_property
    def service_time(self) -> Estimate:
        """Mean service time. [s]"""
        return self._estimate(self.service_times, "s")

    def response_time_quantile(self, q: float, arrival_rate: float = 0.0) -> Estimate:
        """Response time not exceeded by the share q of requests at a rate; without load by default. [s]"""
        domain.fraction(quantile=q)
        domain.not_negative(arrival_rate=arrival_rate)
        if arrival_rate >= (limit := float((self.servers / self.service_times).min())):
            raise DomainError(f"no steady state at {arrival_rate:g} req/s; give less than {limit:.4g} req/s")
        found = [
            service
            * float(_quantiles(law, max(arrival_rate, 1e-9) * service / c, c, self.arrival_scv, scv, q))
            for c, service, law, scv in self._worlds()
        ]
        return self._estimate(np.array(found), "s")

    def max_arrival_rate(self, slo: float, q: float) -> Estimate:
        """Largest rate at which the share q of requests stays within the SLO. [req/s]

        Raises
        ------
        DomainError
            If the SLO is missed even without load.
        """
        domain.positive(slo=slo)
        domain.fraction(quantile=q)
        rates = np.array(
            [_largest(law, c, self.arrival_scv, scv, q, slo / s) * c / s for c, s, law, scv in self._worlds()]
        )
        if self.weights[rates > 0].sum() < 0.5:
            alone = self.response_time_quantile(q)
            raise DomainError(
                f"infeasible: P{100 * q:g} is {alone} without any load, the SLO {slo:g} s; speed it up or relax the SLO"
            )
        return self._estimate(rates, "req/s")

    def _worlds(self) -> zip[tuple[float, float, Law, float]]:
        return zip(self.servers, self.service_times, self.laws, self.scvs, strict=True)

    def _estimate(self, values: np.ndarray, unit: str) -> Estimate:
        """Weighed median and interval, widened by what the approximations may be off."""
        order = np.argsort(values)
        reached = np.cumsum(self.weights[order])
        tail = (1 - self.level) / 2
        places = np.minimum(np.searchsorted(reached, (tail, 0.5, 1 - tail)), values.size - 1)
        low, value, high = (float(values[order][place]) for place in places)
        off = NormalDist().inv_cdf(1 - tail) * _SYSTEMATIC * value
        low, high = value - math.hypot(value - low, off), value + math.hypot(high - value, off)
        return Estimate(
            value, low, high, unit, "stations weighed by a table of loads", "measured", self.level
        )


def fit_station(
    arrival_rate: Sequence[float],
    response_time: Sequence[float],
    quantiles: Mapping[float, Sequence[float]],
    requests: Sequence[float],
    *,
    arrival_scv: float = 1.0,
    level: float = 0.9,
) -> StationFit:
    """Weigh the stations that may be behind a table of loads, each held in steady state.

    Workers, mean, variation and family (gamma, lognormal, two exponentials) of the service times are tried together;
    a world counts by how well it tells means and quantiles at every load, given how answers and queues scatter.

    Parameters
    ----------
    arrival_rate : sequence of float
        Of each load, below saturation. [req/s]
    response_time : sequence of float
        Mean at each load. [s]
    quantiles : dict of float to sequence of float
        Response time that a share of the requests stayed within, at each load, e.g. ``{0.95: [...]}``. [s]
    requests : sequence of float
        Answers at each load. [requests]
    arrival_scv : float
        Squared coefficient of variation of the times between arrivals: 1 for independent users. [1]
    level : float
        Confidence of the intervals. [fraction]

    Raises
    ------
    DomainError
        If a value is not above 0, or the columns differ in length.
    NotIdentified
        If fewer than three different loads are given.

    Examples
    --------
    >>> means, p99 = [0.0201, 0.0227, 0.0282, 0.0383], [0.066, 0.071, 0.083, 0.13]
    >>> fit = fit_station([100, 300, 350, 370], means, {0.99: p99}, [20_000] * 4)
    >>> 320 < fit.max_arrival_rate(slo=0.08, q=0.99).value < 360
    True
    """
    rates, means, answers = (
        np.asarray(column, dtype=float) for column in (arrival_rate, response_time, requests)
    )
    measured = {0.0: means} | {q: np.asarray(column, dtype=float) for q, column in sorted(quantiles.items())}
    _check(rates, answers, measured)
    order = np.argsort(rates)
    rates, answers, measured = (
        rates[order],
        answers[order],
        {q: column[order] for q, column in measured.items()},
    )
    table = _Table(rates, answers, measured, arrival_scv)
    promising = table.promising()
    if not promising:
        raise NotIdentified(
            f"no station of up to {_SERVERS[-1]} servers carries {rates[-1]:g} req/s; check the rates and their unit"
        )
    whole = [
        found for c, scv, service in promising for found in table.with_quantiles(c, scv, service * _CLOSER)
    ]
    best = sorted(whole, key=lambda found: found.losses.min())[:_BEST]
    finest = [found for one in best for found in table.around(one)]
    return _weighed(finest, arrival_scv, level)


def _weighed(finest: Sequence[_Found], arrival_scv: float, level: float) -> StationFit:
    losses = np.concatenate([found.losses for found in finest])
    weights = np.exp(-0.5 * (losses - losses.min()))
    kept = np.flatnonzero(weights > _LIKELY)
    of = np.repeat(np.arange(len(finest)), [found.losses.size for found in finest])[kept]
    services = np.concatenate([found.services for found in finest])[kept]
    return StationFit(
        servers=np.array([finest[k].servers for k in of], dtype=float),
        service_times=services,
        weights=weights[kept] / weights[kept].sum(),
        laws=tuple(finest[k].law for k in of),
        scvs=np.array([finest[k].scv for k in of]),
        arrival_scv=arrival_scv,
        level=level,
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """One station with several service times, and -2 log likelihood of each."""

    servers: int
    scv: float
    family: str
    law: Law
    services: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True, eq=False)
class _Table:
    """What was measured, the lowest load first; the quantile 0 is the mean."""

    rates: np.ndarray
    answers: np.ndarray
    measured: Mapping[float, np.ndarray]
    arrival_scv: float

    def promising(self) -> list[tuple[int, float, float]]:
        """Return servers, scv and service time of the stations that tell the means best."""
        found = []
        for scv in _SCVS:
            law = Law.gamma(1.0, scv)
            for c in _SERVERS:
                services, losses = self.losses(law, scv, c, self.measured[0.0][0] * _SERVICE_TIMES, (0.0,))
                if services.size:
                    k = int(losses.argmin())
                    found.append((float(losses[k]), c, scv, float(services[k])))
        return [(c, scv, service) for _, c, scv, service in sorted(found)[:_PROMISING]]

    def with_quantiles(
        self, c: int, scv: float, services: np.ndarray, families: Sequence[str] = _FAMILIES
    ) -> list[_Found]:
        """Return a station with each family of laws, held against all that was measured."""
        found = []
        for family in families:
            if (law := _law(family, scv)) is not None:
                kept, losses = self.losses(law, scv, c, services, tuple(self.measured))
                if kept.size:
                    found.append(_Found(c, scv, family, law, kept, losses))
        return found

    def around(self, one: _Found) -> list[_Found]:
        """Return the neighbours of a station in variation and service time."""
        services = one.services[one.losses.argmin()] * _CLOSEST
        scvs = {one.scv * finer for finer in _FINER}
        return [
            found
            for scv in sorted(scvs)
            for found in self.with_quantiles(one.servers, scv, services, (one.family,))
        ]

    def losses(
        self, law: Law, scv: float, c: int, services: np.ndarray, asked: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the service times that leave every queue in steady state, and -2 log likelihood of each."""
        services = services[self.rates[-1] * services < _FULLEST * c]
        if not services.size:
            return services, services
        utilization = self.rates * services[:, None] / c
        wait = _wait(utilization, c, self.arrival_scv, scv)
        chance = wait[1]
        served = self.answers / utilization
        scatter = relative_scatter(1 - utilization, chance, self.arrival_scv + scv, served)
        total = np.zeros(services.size)
        for q in asked:
            times = 1 + wait[0] if q == 0 else quantile(law, chance, wait[2], q)
            waited = np.clip(1 - (law.quantile(q) if q else 1.0) / times, 0.0, 1.0)
            doubt = law.scatter(q) ** 2 / self.answers + _ERROR**2 + (waited * scatter) ** 2
            error = np.log(times * services[:, None] / self.measured[q])
            total += (error**2 / doubt + np.log(doubt)).sum(axis=1)
        return services, total * _TOGETHER / len(asked)


def _check(rates: np.ndarray, answers: np.ndarray, measured: Mapping[float, np.ndarray]) -> None:
    for name, column in {"requests": answers, **{f"quantile {q:g}": c for q, c in measured.items()}}.items():
        if column.shape != rates.shape:
            raise DomainError(f"{column.size} values of {name} for {rates.size} loads; give one for each")
        if not (np.isfinite(column).all() and (column > 0).all()):
            raise DomainError(
                f"{name} {column[~(column > 0)][:1]} is not allowed; give finite values above 0"
            )
    if not (np.isfinite(rates).all() and (rates > 0).all()):
        raise DomainError(f"rate {rates[~(rates > 0)][:1]} is not allowed; give finite rates above 0")
    if np.unique(rates.round(9)).size < _LOADS:
        raise NotIdentified(
            f"{np.unique(rates).size} loads do not show how waiting grows; hold at least {_LOADS}"
        )


def _law(family: str, scv: float) -> Law | None:
    """Return service times of mean 1 of a family, None where it has none of that variation."""
    from scipy.special import ndtri

    shares, weights = cells()
    if family == "gamma":
        return Law.gamma(1.0, scv)
    if family == "lognormal" and scv >= 0.1:
        return _normalised(np.exp(math.sqrt(math.log1p(scv)) * ndtri(shares)), weights)
    if family == "two exponentials" and scv > 1:
        return _normalised(_two_exponentials(scv, shares), weights)
    return None


def _normalised(points: np.ndarray, weights: np.ndarray) -> Law:
    return Law(points / (points @ weights), weights)


def _two_exponentials(scv: float, shares: np.ndarray) -> np.ndarray:
    """Return quantiles of the balanced hyperexponential law of mean 1."""
    first = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    low, high = np.zeros_like(shares), np.full_like(shares, 400.0)
    for _ in range(60):
        middle = (low + high) / 2
        beyond = first * np.exp(-2 * first * middle) + (1 - first) * np.exp(-2 * (1 - first) * middle)
        low, high = np.where(beyond > 1 - shares, middle, low), np.where(beyond > 1 - shares, high, middle)
    return (low + high) / 2


def _wait(utilization: np.ndarray, c: float, arrival_scv: float, scv: float) -> Any:
    """Return mean, chance and decay of the wait, for a mean service time of 1."""
    poisson = erlang_c(np.full(utilization.shape, int(c)), c * utilization) / (c * (1 - utilization))
    return waiting(utilization, c, poisson, arrival_scv, scv)


def _quantiles(
    law: Law, utilization: float | np.ndarray, c: float, arrival_scv: float, scv: float, q: float
) -> np.ndarray:
    """Return a quantile of the response time, or its mean for 0, for a mean service time of 1."""
    mean, chance, decay = _wait(np.atleast_1d(np.asarray(utilization, float)), c, arrival_scv, scv)
    found = 1 + mean if q == 0 else quantile(law, chance, decay, q)
    return found if np.ndim(utilization) else found[0]


def _largest(law: Law, c: float, arrival_scv: float, scv: float, q: float, slo: float) -> float:
    """Return the largest utilization at which a quantile is within the SLO, in mean service times; 0 for none."""
    times = np.maximum.accumulate(_quantiles(law, _RATES, c, arrival_scv, scv, q))
    return 0.0 if times[0] > slo else float(np.interp(slo, times, _RATES))
