"""Least squares for the scalability laws, and the checks that refuse points which cannot determine one.

The laws are straight lines in disguise: N / X = R(N) = (1 + α (N - 1) + β N (N - 1)) / γ is linear in the
"line" (1, α, β) / γ. Residuals are those of the throughput or its logarithm, the covariance that of the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from capacity.errors import NotIdentified
from capacity.models import domain
from capacity.models.fits.points import Noise, Points, check_noise

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from capacity.models.fits.fitting import Fit
    from capacity.models.scalability import Usl

_NO_GROWTH = 0.8  # contention from which points that may mean no growth at all are called saturated
_NO_SCATTER = 1e-9  # relative residuals below this are arithmetic, not measurement


@dataclass(frozen=True, eq=False)
class Problem:
    """Residuals of the throughput about the law of a line, and their slopes.

    Parameters
    ----------
    points : Points
        What was measured.
    parameters : int
        Of the law: 1 linear, 2 Amdahl, 3 USL.
    noise : {"relative", "absolute"}
        Residuals of the logarithm or of the throughput itself, over the errors where known.
    """

    points: Points
    parameters: int
    noise: Noise

    def __post_init__(self) -> None:
        check_noise(self.noise, get_args(Noise))

    def residuals(self, line: np.ndarray) -> np.ndarray:
        """Distance of each point from the law."""
        response = self._response(line)
        ideal = self.points.concurrency / response
        if self.noise == "relative":
            return np.log(self.points.throughput / ideal) * self._weight
        return (self.points.throughput - ideal) * self._weight

    def slopes(self, line: np.ndarray) -> np.ndarray:
        """Derivative of each residual with respect to the line."""
        response = self._response(line)
        slope = 1 / response if self.noise == "relative" else self.points.concurrency / response**2
        return design_of(self.points.concurrency, self.parameters) * (slope * self._weight)[:, np.newaxis]

    def solve(self, kept: tuple[int, ...]) -> np.ndarray:
        """Best line with all parameters but the kept ones at 0."""
        from scipy.optimize import least_squares

        columns = list(kept)
        scale = np.abs(design_of(self.points.concurrency, self.parameters)).max(axis=0)[columns]

        def line(scaled: np.ndarray) -> np.ndarray:
            full = np.zeros(self.parameters)
            full[columns] = scaled / scale
            return full

        result = least_squares(
            lambda scaled: self.residuals(line(scaled)),
            self._start(columns) * scale,
            jac=lambda scaled: self.slopes(line(scaled))[:, columns] / scale,
            method="lm",
            x_scale="jac",
            ftol=1e-15,
            xtol=1e-15,
            gtol=1e-15,
        )
        return line(result.x)

    def misfit(self, line: np.ndarray) -> float:
        """Sum of squared residuals."""
        residuals = self.residuals(line)
        return float(residuals @ residuals)

    def _start(self, columns: list[int]) -> np.ndarray:
        """Weighted straight-line fit of N / X: the answer itself, but for the kind of residual."""
        weight = self.points.throughput / self.points.concurrency
        design = design_of(self.points.concurrency, self.parameters)[:, columns] * weight[:, np.newaxis]
        scale = np.abs(design).max(axis=0)
        return np.linalg.lstsq(design / scale, np.ones(weight.size), rcond=None)[0] / scale

    def _response(self, line: np.ndarray) -> np.ndarray:
        return np.maximum(design_of(self.points.concurrency, self.parameters) @ line, 1e-100)

    @property
    def _weight(self) -> np.ndarray:
        if self.points.error is None:
            return np.ones(self.points.throughput.size)
        return (self.points.throughput if self.noise == "relative" else 1.0) / self.points.error


def fit_law(
    law: type[Usl],
    concurrency: ArrayLike,
    throughput: ArrayLike,
    level: float,
    *,
    noise: Noise | Literal["auto"],
    throughput_error: ArrayLike | None,
) -> Fit:
    """Fit a law by least squares with α and β not below 0; the work behind `Usl.fit`, which documents it."""
    from capacity.models.fits.selection import settle

    domain.fraction(level=level)
    points = Points(concurrency, throughput, throughput_error)  # type: ignore[arg-type]
    return settle(lambda kind: _fit(law, points, level, kind), noise, errors_known=points.error is not None)


def _fit(law: type[Usl], points: Points, level: float, noise: Noise) -> Fit:
    from capacity.models.fits.fitting import Fit

    _check_levels(law, points)
    problem = Problem(points, law.parameters, noise)
    line, free = _bounded(problem)
    covariance, notes = _covariance(problem, line)
    spread = math.inf if points.error is not None else points.throughput.size - law.parameters
    t = t_quantile(spread, level)
    _check_growth(points, line, covariance, t)
    if _superlinear(problem, line, free, t):
        notes = (*notes, _SUPERLINEAR)
    return Fit(_law_of(law, line), points, level, noise, problem.misfit(line), line, covariance, notes)


_SUPERLINEAR = (
    "Throughput grows faster than in proportion to concurrency, which the law cannot express: "
    "look for warming caches, or fixed costs in the small tests."
)
_SCATTER = "The points scatter more than their errors say; the intervals are widened accordingly."


def design_of(concurrency: np.ndarray, parameters: int) -> np.ndarray:
    """Columns 1, N - 1, N (N - 1) of the line, as many as the law has parameters."""
    others = concurrency - 1
    return np.column_stack([np.ones_like(concurrency), others, concurrency * others])[:, :parameters]


def t_quantile(degrees_of_freedom: float, level: float) -> float:
    """Reach of a two-sided interval in standard errors, from Student's t."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, (1 + level) / 2))


def _bounded(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Best line without negative parameters, and the best without that restriction."""
    free = problem.solve(tuple(range(problem.parameters)))
    if (free >= 0).all():
        return free, free
    faces = [line for line in map(problem.solve, _faces(problem.parameters)) if (line >= 0).all()]
    return min(faces, key=problem.misfit), free


def _faces(parameters: int) -> Iterator[tuple[int, ...]]:
    for size in range(parameters - 1):
        for costs in combinations(range(1, parameters), size):
            yield (0, *costs)


def _covariance(problem: Problem, line: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Covariance of all parameters, those at their bound included: their error counts too."""
    slopes = problem.slopes(line)
    scale = np.abs(slopes).max(axis=0)
    curvature = (slopes / scale).T @ (slopes / scale)
    if np.linalg.cond(curvature) > 1e14:
        raise NotIdentified(
            "the tested concurrencies lie too close together to tell the parameters apart; spread them"
        )
    inverse = np.linalg.inv(curvature) / np.outer(scale, scale)
    points, misfit = problem.points, problem.misfit(line)
    spare = points.throughput.size - line.size
    if points.error is not None:
        excess = misfit / spare if spare else 0.0
        return inverse * max(excess, 1.0), (_SCATTER,) if excess > 4 else ()
    _check_scatter(problem, misfit / spare)
    return inverse * misfit / spare, ()


def name_of(law: type[Usl]) -> str:
    """Return the name of a law in a sentence: the USL is an acronym."""
    return "USL" if law.__name__ == "Usl" else law.__name__


def told(law: type[Usl]) -> str:
    """Return a law in a sentence; the L of USL says already that it is one."""
    return "USL" if name_of(law) == "USL" else f"{name_of(law)} law"


def _check_levels(law: type[Usl], points: Points) -> None:
    needed = law.levels_needed if points.error is None else law.levels_needed_with_errors
    if points.levels < needed or (points.error is None and points.throughput.size <= law.parameters):
        tested = ", ".join(f"{level:g}" for level in np.unique(points.concurrency)[:8])
        raise NotIdentified(
            f"{name_of(law)} has {law.parameters} parameters and needs at least {needed} distinct "
            f"concurrency levels; got {points.levels} ({tested}) in {points.throughput.size} points; "
            f"test more levels, such as {_wanted(points)}, or fit a simpler law"
        )
    if np.ptp(points.throughput) <= _NO_SCATTER * points.throughput.max():
        raise NotIdentified(_constant(points))


def _wanted(points: Points) -> str:
    """Six levels from a tenth of the largest one tested to twice it, evenly on a logarithmic scale."""
    largest = max(float(points.concurrency.max()), 8.0)
    return ", ".join(
        f"{level:g}" for level in np.unique(np.round(np.geomspace(largest / 10, 2 * largest, 6)))
    )


def _superlinear(problem: Problem, line: np.ndarray, free: np.ndarray, t: float) -> bool:
    """Whether the points ask for a contention below 0, by the misfit this would save."""
    if line.size == 1 or free[1] >= 0:
        return False
    spare = problem.points.throughput.size - line.size
    scatter = problem.misfit(free) / spare if problem.points.error is None else 1.0
    return problem.misfit(line) - problem.misfit(free) > t**2 * scatter


def _check_growth(points: Points, line: np.ndarray, covariance: np.ndarray, t: float) -> None:
    """Refuse points on which contention may be 1, no growth at all: no unit throughput, no peak."""
    if line.size == 1:
        return
    reach = t * _error_of(covariance, [1, -1, 0])
    if line[0] - line[1] > reach and (line.size == 2 or line[2] <= line[0]):
        return
    if line.size == 3 and line[2] > t * _error_of(covariance, [0, 0, 1]):
        raise NotIdentified(
            "throughput falls from the first level on; test at lower concurrency, where it rises"
        )
    saturated = line[1] > _NO_GROWTH * line[0]
    raise NotIdentified(_constant(points) if saturated else _too_noisy(points, line, reach))


def _constant(points: Points) -> str:
    least, most = points.concurrency.min(), points.concurrency.max()
    return (
        f"throughput does not grow from concurrency {least:g} to {most:g} "
        f"(about {np.median(points.throughput):g} req/s): service or generator was saturated throughout; "
        "test at lower concurrency"
    )


def _too_noisy(points: Points, line: np.ndarray, reach: float) -> str:
    return (
        f"contention {line[1] / line[0]:.2g} is uncertain by {reach / line[0]:.2g}: the scatter of these "
        f"{points.throughput.size} points hides growth; test longer, at more levels, or fit a simpler law"
    )


def _check_scatter(problem: Problem, variance: float) -> None:
    size = 1.0 if problem.noise == "relative" else float(problem.points.throughput.max())
    if math.sqrt(variance) <= _NO_SCATTER * size:
        raise NotIdentified(
            f"all {problem.points.throughput.size} points lie exactly on the law: no scatter, no interval; "
            "fit measured throughput, or give its standard errors as throughput_error"
        )


def _error_of(covariance: np.ndarray, contrast: list[int]) -> float:
    weights = np.array(contrast[: len(covariance)])
    return math.sqrt(weights @ covariance @ weights)


def _law_of(law: type[Usl], line: np.ndarray) -> Usl:
    return law(*(float(value) for value in [1 / line[0], *line[1:] / line[0]]))
