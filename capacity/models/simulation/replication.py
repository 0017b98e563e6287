"""The same model run again and again with other draws: intervals without batches, and two systems under the same luck.

Works for whatever has ``simulate(requests, seed=...)`` that returns an object with the answers: `Queue`,
`SharedServers`, `Network`. Replication k has the k-th child of the seed whoever runs it, so the workers never change a
result.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from capacity.errors import CapacityError, DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.models.simulation.seeds import child
from capacity.models.simulation.statistics import relative_width
from capacity.shown import Shown

Answer = str | tuple[str, float]
"""A mean by its name, or the name of a quantile (or survival) with its argument."""
ROUND = 8
"""Replications after which the precision is looked at: always so many, whatever the workers."""
WORTH_A_POOL = 1.0
"""Work left from which a process pool pays. [s]"""


class Model(Protocol):
    """Anything that can be run."""

    def simulate(self, requests: int, *, seed: int) -> Any:
        """Return an object with the answers."""


@dataclass(frozen=True, eq=False)
class Replicated(Shown):
    """Answers of independent replications, in the order of their numbers.

    Parameters
    ----------
    answers : tuple of str or (str, float)
        What was asked.
    values : ndarray
        A row for each replication, a column for each answer. [unit of each answer]
    seed : int
        Of the whole. [1]

    Examples
    --------
    >>> import capacity as cap
    >>> station = cap.simulation.Queue(cap.simulation.Poisson(25), cap.distributions.Exponential(0.02))
    >>> found = cap.simulation.replicate(station, ["response_time"], requests=2_000, seed=1, replications=4)
    >>> found.values.shape  # runs, answers
    (4, 1)
    """

    answers: tuple[Answer, ...]
    values: np.ndarray
    seed: int

    @property
    def replications(self) -> int:
        """Runs made [runs]."""
        return len(self.values)

    def estimate(self, name: str, q: float | None = None, level: float = 0.99, unit: str = "") -> Estimate:
        """Mean over the replications of one of the answers, with Student's interval [`unit`]."""
        return student(self.values[:, self._column(name, q)], level=level, unit=unit)

    def _column(self, name: str, q: float | None) -> int:
        asked: Answer = name if q is None else (name, q)
        if asked not in self.answers:
            raise DomainError(f"{asked} was not asked of the replications; these were: {self.answers}")
        return self.answers.index(asked)


@dataclass(frozen=True, eq=False)
class Compared(Shown):
    """Two models under the same draws, replication by replication.

    Parameters
    ----------
    first, second : Replicated
        Answers of each.

    Examples
    --------
    >>> import capacity as cap
    >>> simulation, service = cap.simulation, cap.distributions.Exponential(0.02)
    >>> eight, nine = (simulation.Queue(simulation.Poisson(300), service, servers) for servers in (8, 9))
    >>> found = simulation.compare(eight, nine, ["response_time"], requests=2_000, seed=1, replications=4)
    >>> found.difference("response_time", unit="s").value < 0
    True
    """

    first: Replicated
    second: Replicated

    def difference(self, name: str, q: float | None = None, level: float = 0.99, unit: str = "") -> Estimate:
        """Second minus first, with the interval of the paired differences [`unit`]."""
        return student(np.subtract(*self._pair(name, q)[::-1]), level=level, unit=unit)

    def variance_reduction(self, name: str, q: float | None = None) -> float:
        """Variance of the difference of independent runs over that of these [1]."""
        first, second = self._pair(name, q)
        paired = float((second - first).var(ddof=1))
        apart = float(first.var(ddof=1) + second.var(ddof=1))
        return apart / paired if paired > 0 else math.inf

    def _pair(self, name: str, q: float | None) -> tuple[np.ndarray, np.ndarray]:
        column = self.first._column(name, q)
        return self.first.values[:, column], self.second.values[:, column]


def replicate(
    model: Model,
    answers: Sequence[Answer],
    *,
    requests: int,
    seed: int,
    replications: int | None = None,
    precision: float | None = None,
    level: float = 0.99,
    most: int = 1000,
    executor: Executor | None = None,
    workers: int | None = None,
) -> Replicated:
    """Run independent replications: a given number of them, or as many as a relative precision needs.

    Parameters
    ----------
    model : Model
        What is run; picklable where other processes run it.
    answers : sequence of str or (str, float)
        What to keep of each run: ``"response_time"``, ``("response_time_quantile", 0.99)``.
    requests : int
        Of each run. [requests]
    seed : int
        Of the whole; replication k is ``model.simulate(requests, seed=child(seed, k))``. [1]
    replications : int, optional
        How many, at least 2. [runs]
    precision : float, optional
        Instead: half width over mean that every answer must reach. [fraction]
    level : float
        Confidence at which the precision is asked. [fraction]
    most : int
        Replications after which an unreached precision is refused. [runs]
    executor : Executor, optional
        Runs the replications; without it this process or, where that saves time, a pool of processes.
    workers : int, optional
        Processes of that pool; as many as there are processors by default, 1 for none. [processes]

    Raises
    ------
    NotIdentified
        If `most` replications do not reach the precision.
    CapacityError
        If a replication fails; the message names its number and seed.

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> from capacity.models.simulation.queue import Queue
    >>> station = Queue(Poisson(25.0), Exponential(0.02))
    >>> found = replicate(station, ["response_time"], requests=20_000, seed=1, precision=0.02)
    >>> found.replications
    16
    """
    asked = _checked(answers, replications, precision)
    job = partial(_run, model, tuple(asked), requests, seed)
    rows: list[list[float]] = []
    with _runner(executor, workers) as run:
        while True:
            step = ROUND if replications is None else replications
            rows += run(job, range(len(rows), len(rows) + step))
            found = Replicated(asked, np.asarray(rows), seed)
            if replications is not None:
                return found
            reached = max(relative_width(student(column, level=level, unit="")) for column in found.values.T)
            if precision is not None and reached <= precision:
                return found
            if len(rows) + ROUND > most:
                raise NotIdentified(
                    f"{len(rows)} replications reach a precision of {reached:.2g}, not {precision:g}; make each "
                    f"run longer than {requests} requests, or allow more than {most}"
                )


def compare(
    first: Model, second: Model, answers: Sequence[Answer], *, requests: int, seed: int, **how: Any
) -> Compared:
    """Run two models under the same draws, so that their difference shows and not their luck.

    Parameters
    ----------
    first, second : Model
        The models; equal parts of them draw the same numbers.
    answers, seed, **how
        As of `replicate`; `replications` must be given.
    requests : int
        Of each run. [requests]

    Examples
    --------
    >>> from capacity.models.distributions import Exponential
    >>> from capacity.models.simulation.arrivals import Poisson
    >>> from capacity.models.simulation.queue import Queue
    >>> eight, nine = (Queue(Poisson(300.0), Exponential(0.02), servers) for servers in (8, 9))
    >>> found = compare(eight, nine, ["response_time"], requests=20_000, seed=1, replications=10)
    >>> found.difference("response_time", unit="s").high < 0
    True
    """
    if how.get("replications") is None:
        raise DomainError("two models are compared over as many runs of each; give replications")
    runs = [replicate(model, answers, requests=requests, seed=seed, **how) for model in (first, second)]
    return Compared(*runs)


def student(sample: np.ndarray, *, level: float, unit: str) -> Estimate:
    """Mean of independent values with Student's interval.

    Examples
    --------
    >>> print(student(np.array([1.0, 2.0, 3.0]), level=0.9, unit="s"))
    2 s (0.314 to 3.69)
    """
    from scipy.special import stdtrit

    domain.fraction(level=level)
    if sample.size < 2:
        raise NotIdentified(f"{sample.size} replication gives no interval; run at least 2")
    value = float(sample.mean())
    half = float(stdtrit(sample.size - 1, (1 + level) / 2) * sample.std(ddof=1)) / math.sqrt(sample.size)
    return Estimate(value, value - half, value + half, unit, "independent replications", "assumed", level)


def _checked(
    answers: Sequence[Answer], replications: int | None, precision: float | None
) -> tuple[Answer, ...]:
    if isinstance(answers, str) or not answers:
        raise DomainError(f"answers {answers!r} is no list; give names such as ['response_time']")
    if (replications is None) == (precision is None):
        raise DomainError("give either replications or precision")
    if replications is not None:
        domain.count(replications=replications)
        if replications < 2:
            raise DomainError("1 replication gives no interval; run at least 2")
    if precision is not None:
        domain.positive(precision=precision)
    return tuple(answers)


def _run(model: Model, answers: tuple[Answer, ...], requests: int, seed: int, number: int) -> list[float]:
    own = child(seed, number)
    try:
        result = model.simulate(requests, seed=own)
        return [_value(result, answer) for answer in answers]
    except Exception as error:
        raise CapacityError(
            f"replication {number} failed: {type(error).__name__}: {error}; simulate({requests}, seed={own}) repeats it"
        ) from error


def _value(result: Any, answer: Answer) -> float:
    if isinstance(answer, str):
        return float(getattr(result, answer))
    name, argument = answer
    return float(getattr(result, name)(argument))


class _Runner:
    """Runs numbered jobs in order; in this process until a pool is worth its start."""

    def __init__(self, executor: Executor | None, workers: int | None) -> None:
        self.executor = executor
        self.workers = len(os.sched_getaffinity(0)) if workers is None else workers
        self.pool: ProcessPoolExecutor | None = None

    def __call__(self, job: Any, numbers: range) -> list[list[float]]:
        rows: list[list[float]] = []
        left = iter(numbers)
        while self.executor is None and (number := next(left, None)) is not None:
            began = time.perf_counter()
            rows.append(job(number))
            self._consider((time.perf_counter() - began) * (len(numbers) - len(rows)))
        if self.executor is not None:
            rows += self.executor.map(job, left)
        return rows

    def _consider(self, work: float) -> None:
        if self.workers > 1 and work > WORTH_A_POOL:
            self.executor = self.pool = ProcessPoolExecutor(self.workers)


@contextmanager
def _runner(executor: Executor | None, workers: int | None) -> Iterator[_Runner]:
    if workers is not None:
        domain.count(workers=workers)
    runner = _Runner(executor, workers)
    try:
        yield runner
    finally:
        if runner.pool is not None:
            runner.pool.shutdown(cancel_futures=True)
