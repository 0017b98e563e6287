"""From the unsaturated plateaus of a test to the service behind them, checked against each step left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capacity.errors import NotIdentified
from capacity.estimate import Estimate, number
from capacity.evidence.limits import Capacity
from capacity.evidence.loadtest import LoadTest
from capacity.evidence.quantiles import Mixture
from capacity.evidence.service import Service, weighted_quantiles
from capacity.evidence.steps import QUANTILES, Step
from capacity.evidence.worlds import Worlds
from capacity.models.stations.twomoments import Law, cells, relative_scatter
from capacity.wording import counted

_LOADS = 3  # distinct loads below saturation needed to see waiting grow
_REACH = 0.5  # share of the saturation throughput the highest of them must reach
_SLOWER = 1.05  # mean response time relative to that at the lowest load from which requests wait
_FEWEST = 500  # answers that the law of the times without waiting needs
_TOLERANCE = 1.1  # by how much the mean at low load may be too small by chance
_SURE = 2.0  # standard deviations that a difference must have to count
_EXAMINED = 1500  # worlds whose percentiles are looked at, after their means
_CONTENTION = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.98)  # tried
_DISCREPANCY = 0.03  # least error of the model itself [fraction]
_RELAXED = 3  # relaxation times a step must last for its queue to be in steady state
_PARALLEL = 20  # numbers of workers tried
_VARIABILITY = (0.02, 0.1, 0.25, 0.45, 0.7, 1.0)  # tried, as shares of what low load shows at most
_MOST_VARIED = 20.0  # squared coefficient of variation of service times beyond which no service is
_LIKELY = 0.5  # how far from all of it the workers' share may be expected to lie
_STATISTICS = (0.0, *QUANTILES)  # the mean, called 0, and the quantiles compared
_NAMES = ("mean", *(f"p{100 * q:g}" for q in QUANTILES))
_TOGETHER = 2.0  # independent statistics that those of one step are worth
_LEAST_FREE = 0.005  # capacity left at least, below which no queue is in steady state
_BELIEF = 2  # steps' worth of belief in the least error
_EVEN_TOOLS = {"artillery"}  # generators that start their users at even intervals
_ALONE = 1.05  # requests per virtual user up to which arrivals are as even as the users'


def calibrate(tests: Sequence[LoadTest], steps: Sequence[Step], capacity: Capacity) -> Service:
    """Find the workers, service times and delay that the unsaturated plateaus of tests agree with.

    Parameters
    ----------
    tests : sequence of LoadTest
        Runs of one deployment.
    steps : sequence of Step
        Their steps.
    capacity : Capacity
        What `find_limits` says of them.

    Raises
    ------
    NotIdentified
        If the saturation throughput is only bounded, or fewer than three loads lie below it, or none comes near.

    Examples
    --------
    >>> import capacity as cap
    >>> test = cap.read("data/storefront/steps-1.json")
    >>> steps = cap.find_steps(test, cap.read_script("data/storefront/steps-1.yml"))
    >>> service = cap.calibrate([test], steps, cap.find_limits([test], steps))
    >>> print(service.servers, "|", service.service_time)
    10 workers (7 to 13) | 0.0338 s (0.0232 to 0.0403)
    """
    limit = capacity.saturation_throughput
    if capacity.status != "established" or limit is None or limit.value is None:
        raise NotIdentified(
            f"the service cannot be calibrated, for its saturation throughput is not established. {capacity.why}"
        )
    below = _below(steps, capacity, limit.value)
    calm, law = _calm(tests, below)
    others = below[len(calm) :]
    offered = limit.scaled(sum(s.offered for s in below) / sum(s.goodput for s in below))
    worlds, prior = _possible(law, calm, offered, _arrival_scvs(tests, below))
    measured = _Measured.of(others, calm, law)
    likely = np.argsort(measured.losses(worlds, statistics=1).sum(axis=1) + prior)[:_EXAMINED]
    worlds, prior = worlds.chosen(likely), prior[likely]
    losses = measured.losses(worlds)
    alone = len(others) == 1  # and left out, nothing would be known
    left_out = [
        _weights(losses if alone else np.delete(losses, i, axis=1), prior) for i in range(len(others))
    ]
    checks, known = measured.checks(worlds, left_out), worlds.weighed(_weights(losses, prior))
    return Service(known, limit, checks, measured.errors(known, checks))


def _below(steps: Sequence[Step], capacity: Capacity, limit: float) -> list[Step]:
    """Return the plateaus below saturation, the lowest first; only those long enough for their queue, if these do."""
    healthy = {(p.step.test, row) for p in capacity.points if p.state == "healthy" for row in p.step.rows}
    below = [
        s
        for s in steps
        if s.kind == "plateau"
        and all((s.test, row) in healthy for row in s.rows)
        and 0 < s.goodput < limit
        and s.mean > 0
        and s.quantiles
    ]
    loads = {round(s.goodput / limit, 2) for s in below}
    if len(loads) < _LOADS or max(loads) < _REACH:
        raise NotIdentified(
            f"the service cannot be calibrated: {_held(loads)}; hold at least {_LOADS}, up to 80-90% of "
            f"{number(limit)} req/s"
        )
    settled = [s for s in below if s.duration >= _RELAXED * _relaxation(s.goodput / limit, limit)]
    return sorted(settled if len(settled) >= _LOADS else below, key=lambda s: s.goodput)


def _held(loads: set[float]) -> str:
    if not loads:
        return "no load below saturation was held"
    were = "was" if len(loads) == 1 else "were"
    return f"{counted(len(loads), 'load')} below saturation {were} held, the highest at {100 * max(loads):.0f}% of it"


def _calm(tests: Sequence[LoadTest], below: Sequence[Step]) -> tuple[list[Step], Law]:
    """Return the lowest loads, as long as response times are not clearly longer than before, and their law."""
    calm, spare = [below[0]], min(3, len(below) // 2)
    law = _pooled(tests, calm)
    for step in below[1:-spare]:
        noise = _SURE * math.sqrt(law.scv * (1 / _answers([step]) + 1 / _answers(calm)))
        if _answers(calm) >= _FEWEST and step.mean > _mean(calm) * (_SLOWER + noise):
            break
        calm.append(step)
        law = _pooled(tests, calm)
    return calm, law


def _mean(steps: Sequence[Step]) -> float:
    return float(np.average([s.mean for s in steps], weights=[_answers([s]) for s in steps]))


def _answers(steps: Sequence[Step]) -> float:
    return sum(s.throughput * s.duration for s in steps)


def _relaxation(utilization: float, limit: float) -> float:
    """Time in which a queue forgets its past, 1 / (c μ (1 - √ρ)²) (M/M/1). [s]"""
    return 1 / (limit * (1 - math.sqrt(min(utilization, 0.999))) ** 2)


def _possible(
    law: Law, calm: Sequence[Step], limit: Estimate, arrival_scvs: Sequence[float]
) -> tuple[Worlds, np.ndarray]:
    """Return all worlds to be weighed, and twice the negative logarithm of how likely each is beforehand."""
    mean, rate = _mean(calm), float(np.average([s.offered for s in calm], weights=[s.duration for s in calm]))
    most = max(1, math.ceil(_TOLERANCE * limit.high * mean))
    servers = np.unique(np.round(np.geomspace(1, most, min(most, _PARALLEL))))
    limits = float(limit.value or 0.0) + math.sqrt(3) * limit.standard_error * np.array([-1.0, 0.0, 1.0])
    grid = np.meshgrid(servers, np.arange(3), _VARIABILITY, _CONTENTION, arrival_scvs, indexing="ij")
    servers, which, share, contention, arrival = (axis.ravel() for axis in grid)
    bounds = limits[which.astype(int)]
    held = servers / bounds * (1 - contention) / (1 - contention * rate / bounds)
    possible = (held <= _TOLERANCE * mean) | (servers == 1)
    worlds = Worlds.seen_at(
        rate,
        law,
        mean,
        servers=servers[possible],
        limit=bounds[possible],
        service_scv=np.minimum(share * law.scv * (mean / held) ** 2, _MOST_VARIED)[possible],
        arrival_scv=arrival[possible],
        contention=contention[possible],
    )
    unlikely = ((share - 1) / _LIKELY) ** 2 + np.where(which == 1, 0.0, 2 * math.log(4))
    unlikely += np.where(contention > 0, 2 * math.log(len(_CONTENTION)), 0.0)
    return worlds, unlikely[possible]


def _pooled(tests: Sequence[LoadTest], calm: Sequence[Step]) -> Law:
    """Return the law of the response times of some steps together."""
    by_name = {test.name: test for test in tests}
    parts = [by_name[s.test].mixture(s.rows) for s in calm]
    exact = all(part.exact for part in parts)
    parts = parts if exact else [part for part in parts if not part.exact]
    mixture = Mixture(
        [t for part in parts for t in part.times],
        [s for part in parts for s in part.shares],
        np.concatenate([part.weights for part in parts]),
        exact=exact,
    )
    shares, weights = cells()
    return Law(np.array([mixture.quantile(float(q)) for q in shares]), weights)


def _arrival_scvs(tests: Sequence[LoadTest], below: Sequence[Step]) -> Sequence[float]:
    """Return what the variability of the test's arrivals may be: none for users started evenly, as one by one they are.

    Further requests of the same user come when the one before was answered, as irregularly as that is.
    """
    if any(test.tool not in _EVEN_TOOLS for test in tests):
        return (1.0,)
    users = sum(s.arrival_rate * s.duration for s in below)
    requests = sum(s.offered * s.duration for s in below) / users if users > 0 else math.inf
    further = max(1 - 1 / requests, 0.0)
    return (0.0,) if requests <= _ALONE else (0.0, further / 2, further)


def _weights(losses: np.ndarray, prior: np.ndarray) -> np.ndarray:
    total = losses.sum(axis=1) + prior
    weights = np.exp(-0.5 * (total - total.min()))
    return weights / weights.sum()


def _value(step: Step, q: float) -> float:
    """Return a quantile of the response time, or the mean, called 0. [s]"""
    estimate = step.quantiles.get(q)
    value = step.mean if q == 0 else estimate.value if estimate is not None else None
    return value if value else math.nan


@dataclass(frozen=True, eq=False)
class _Measured:
    """Mean and quantiles of some steps, as (statistic, step), and how far answers scatter them (logarithms)."""

    steps: Sequence[Step]
    values: np.ndarray
    scatter: np.ndarray

    @classmethod
    def of(cls, steps: Sequence[Step], calm: Sequence[Step], law: Law) -> _Measured:
        """Read the steps; what they are compared with, the calm ones, scatters too."""
        values = np.array([[_value(s, q) for s in steps] for q in _STATISTICS])
        each = np.array([law.scatter(q) for q in _STATISTICS])[:, None]
        answered = 1 / np.array([_answers([s]) for s in steps]) + 1 / _answers(calm)
        return cls(steps, values, np.sqrt(each**2 * answered + _DISCREPANCY**2))

    def losses(self, worlds: Worlds, statistics: int = len(_STATISTICS)) -> np.ndarray:
        """Return -2 log likelihood of the first statistics by world and step; those of one step move together."""
        total = np.zeros((len(worlds.servers), len(self.steps)))
        for i in range(statistics):
            predicted = self._predicted(worlds, i)
            doubt = self._doubt(worlds, i, predicted)
            total += np.nan_to_num((np.log(predicted / self.values[i]) / doubt) ** 2 + 2 * np.log(doubt))
        return total * _TOGETHER / statistics

    def _doubt(self, worlds: Worlds, statistic: int, predicted: np.ndarray) -> np.ndarray:
        """Return the standard deviation of a logarithm: answers scatter, and so does a queue while it is watched.

        The latter as `relative_scatter` says.
        """
        q = _STATISTICS[statistic]
        limit = worlds.limit[:, None]
        offered = np.array([s.offered for s in self.steps])
        waited = np.clip(1 - worlds.without_wait(offered, q or None) / predicted, 0.0, 1.0)
        free = np.maximum(1 - offered / limit, _LEAST_FREE)
        varied = (worlds.arrival_scv + worlds.service_scv)[:, None]
        served = limit * np.array([s.duration for s in self.steps])
        queue = relative_scatter(free, worlds.wait_probability(offered), varied, served)
        return np.sqrt(self.scatter[statistic] ** 2 + (waited * queue) ** 2)

    def checks(self, worlds: Worlds, left_out: Sequence[np.ndarray]) -> pd.DataFrame:
        """Hold every step against what the other steps predict for it."""
        columns: dict[str, object] = {
            "test": [s.test for s in self.steps],
            "offered": [s.offered for s in self.steps],
        }
        for i, q in enumerate(_STATISTICS):
            found = self._predicted(worlds, i)
            predicted = np.array(
                [weighted_quantiles(found[:, s], w, (0.5,))[0] for s, w in enumerate(left_out)]
            )
            name = _NAMES[i]
            columns[name] = [s.quantiles.get(q) for s in self.steps] if q else self.values[i]
            columns |= {f"predicted_{name}": predicted, f"{name}_error": predicted / self.values[i] - 1}
        return pd.DataFrame(columns)

    def errors(self, worlds: Worlds, checks: pd.DataFrame) -> dict[float, float]:
        """Return the error of predictions beyond that of measurements, from the steps left out and a little belief."""
        found = {}
        for i, q in enumerate(_STATISTICS):
            own = worlds.weights @ self._doubt(worlds, i, self._predicted(worlds, i)) ** 2
            squares = np.log1p(checks[f"{_NAMES[i]}_error"].to_numpy(float)) ** 2 - own
            squares = np.maximum(squares[np.isfinite(squares)], 0.0)
            found[q] = math.sqrt((squares.sum() + _BELIEF * _DISCREPANCY**2) / (len(squares) + _BELIEF))
        return found

    def _predicted(self, worlds: Worlds, statistic: int) -> np.ndarray:
        rates, q = np.array([s.offered for s in self.steps]), _STATISTICS[statistic]
        return worlds.quantile(rates, q) if q else worlds.mean(rates)
