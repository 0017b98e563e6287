"""Which law and which error model the points speak for, and how clearly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models.fits.fitting import Fit
from capacity.models.fits.points import Noise
from capacity.models.fits.regression import name_of, told
from capacity.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

AnyFit = TypeVar("AnyFit", bound=Fit)

_CLEAR = 0.9  # Akaike weight from which one law or error model is taken as chosen
_COUNTS = 0.05  # weight below which a law has no say in an average
_RULED_OUT = 0.05  # chance of a richer law's gain below which a law is ruled out
_SCATTER = {
    "absolute": "the same at every level",
    "relative": "in proportion to the level",
}


@dataclass(frozen=True, eq=False)
class ErrorModel(Shown):
    """How the error model of a fit was chosen.

    Parameters
    ----------
    weight : float
        Akaike weight of the chosen one. [fraction]
    trend : float
        Rank correlation of the size of the residuals with the level, under the chosen one; near 0 if
        it is right. [1]
    other : Fit
        The fit under the next best error model.

    Examples
    --------
    >>> import capacity as cap
    >>> fit = cap.Amdahl.fit([1, 2, 3, 4, 6, 8], [300, 570, 810, 1030, 1380, 1690], noise="auto")
    >>> print(fit.error_model.text(fit))
    Scatter taken to be in proportion to the level (the points do not decide: weight 0.56).
    """

    weight: float
    trend: float
    other: Fit

    @property
    def clear(self) -> bool:
        """Whether the points decide between the two."""
        return self.weight >= _CLEAR

    def disagrees(self, fit: Fit) -> bool:
        """Whether the other error model puts a parameter outside this one's interval."""
        names = ("unit_throughput", "contention", "coherency")[: fit.line.size]
        there = {name: getattr(self.other.law, name) for name in names}
        return any(not getattr(fit, n).low <= value <= getattr(fit, n).high for n, value in there.items())

    def text(self, fit: Fit) -> str:
        """The choice in a sentence, with the other answer where it differs."""
        sure = "the points say so" if self.clear else "the points do not decide"
        first = f"Scatter taken to be {_SCATTER[fit.noise]} ({sure}: weight {self.weight:.2f})"
        if not self.disagrees(fit):
            return first + "."
        names = ("contention", "coherency")[: fit.line.size - 1]
        there = ", ".join(f"{name} {getattr(self.other, name)}" for name in names)
        return f"{first}; were it {_SCATTER[self.other.noise]}: {there}, peak {self.other.peak_throughput}."


def settle(fit_with: Callable[[Any], AnyFit], noise: str, *, errors_known: bool) -> AnyFit:
    """Fit under the error model named; for "auto" under both, and return one with the other beside it.

    That is the relative one, unless clearly worse; where the errors are known they are the error model.

    AICc has the same penalty for both, so their deviances decide. Taking the better without a margin finds the
    smaller scatter of two, not the true one: at ten points 95% intervals then held the truth in 87% of cases.

    Raises
    ------
    NotIdentified
        If the points determine the law under neither.
    """
    if noise != "auto" or errors_known:
        return fit_with("relative" if noise == "auto" else noise)
    fits: list[AnyFit] = []
    refusals: list[NotIdentified] = []
    for kind in get_args(Noise):
        try:
            fits.append(fit_with(kind))
        except NotIdentified as refusal:
            refusals.append(refusal)
    if not fits:
        raise refusals[0]
    if len(fits) == 1:
        return fits[0]
    relative, absolute = fits
    weight = 1 / (1 + math.exp(min((relative.deviance - absolute.deviance) / 2, 700.0)))
    if weight > 1 - _CLEAR:
        return replace(relative, error_model=ErrorModel(weight, _trend(relative), absolute))
    return replace(absolute, error_model=ErrorModel(1 - weight, _trend(absolute), relative))


def _trend(fit: Fit) -> float:
    fitted = fit.curve.values(fit.best[np.newaxis])[0]
    sizes = np.abs(fit.targets - fitted)
    level_ranks, size_ranks = (np.argsort(np.argsort(values)) for values in (fitted, sizes))
    return float(np.corrcoef(level_ranks, size_ranks)[0, 1])


@dataclass(frozen=True, eq=False)
class LawChoice(Shown):
    """Laws fitted to the same points, weighed by the evidence.

    Parameters
    ----------
    fits : tuple of Fit
        From the simplest law to the richest.
    chances : tuple of float
        How often a richer law fits better by so much by chance where this one holds, by the likelihood ratio for
        parameters at their bound; the least over the richer laws, 1 for the richest. [fraction]
    weights : tuple of float
        Akaike weight of each among those the likelihood ratio leaves, 0 for those it rules out. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> rates, times = [20, 35, 50, 60, 70, 80], [0.0126, 0.0152, 0.0203, 0.0246, 0.0338, 0.0497]  # [req/s], [s]
    >>> choice = choose_law([law.fit_open(rates, times) for law in (cap.Linear, cap.Amdahl)])
    >>> print(choice.fit.contention, choice.clear)
    0.499 (0.492 to 0.507) True
    """

    fits: tuple[Fit, ...]
    chances: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def fit(self) -> Fit:
        """The law with the largest weight."""
        return self.fits[int(np.argmax(self.weights))]

    @property
    def clear(self) -> bool:
        """Whether one law has nearly all the weight."""
        return max(self.weights) >= _CLEAR

    def predict(self, concurrency: float) -> Estimate:
        """Throughput averaged over the laws by weight, with an interval that holds those of all that count [req/s]."""
        return self._average([fit.predict(concurrency) for fit in self.fits])

    @cached_property
    def peak_throughput(self) -> Estimate:
        """Highest throughput: an average where all laws that count show one, else what all of them allow [req/s].

        The richest law always has its say: few points weigh against it, and yet do not rule it out. Where that is
        not the USL, a peak beyond 1.2 times the highest tested throughput is not believed.
        """
        chosen, richest = self.fit.peak_throughput, self.fits[-1]
        if richest.line.size == 3 or not getattr(chosen, "extrapolated", False):
            return self._average([fit.peak_throughput for fit in self.fits], always=richest)
        tested = float(self.fit.points.throughput.max())
        return Estimate(None, tested, math.inf, chosen.unit, "peak beyond the test", "measured", chosen.level)

    @property
    def text(self) -> str:
        """The choice in sentences."""
        if len(self.fits) == 1:
            return f"{_name(self.fit)} is the only law these points determine."
        rows = zip(self.fits, self.chances, self.weights, strict=True)
        shares = ", ".join(
            f"{_name(fit)} {f'ruled out, p = {chance:.2g}' if chance <= _RULED_OUT else f'{weight:.2f}'}"
            for fit, chance, weight in rows
        )
        if self.clear:
            return f"{told(type(self.fit.law))} chosen (weights: {shares})."
        undecided = f"The points do not decide between the laws (weights: {shares})"
        return f"{undecided}; averaged over them, the peak is {self.peak_throughput}."

    def to_frame(self) -> pd.DataFrame:
        """One row a law: weight, AICc, chance of a richer law's gain, parameters and peak."""
        import pandas as pd

        return pd.DataFrame(
            {
                "law": [_name(fit) for fit in self.fits],
                "weight": self.weights,
                "aicc": [fit.aicc for fit in self.fits],
                "chance": self.chances,
                "unit_throughput": [fit.unit_throughput for fit in self.fits],
                "contention": [fit.contention for fit in self.fits],
                "coherency": [fit.coherency for fit in self.fits],
                "peak_throughput": [fit.peak_throughput for fit in self.fits],
            }
        )

    def _average(self, estimates: Sequence[Estimate], always: Fit | None = None) -> Estimate:
        rows = zip(self.fits, estimates, self.weights, strict=True)
        counted = [(e, w) for fit, e, w in rows if w >= _COUNTS or fit is always]
        low, high = min(e.low for e, _ in counted), max(e.high for e, _ in counted)
        values = [(e.value, w) for e, w in counted if e.value is not None]
        whole = len(values) == len(counted)
        value = sum(v * w for v, w in values) / sum(w for _, w in values) if whole else None
        first = counted[0][0]
        return Estimate(value, low, high, first.unit, "average of laws by weight", "measured", first.level)


def choose_law(fits: Sequence[Fit]) -> LawChoice:
    """Weigh laws fitted to the same points by Akaike's criterion, with the likelihood ratio beside it.

    Parameters
    ----------
    fits : sequence of Fit
        Such as Linear, Amdahl and USL of one test, each under its own error model.

    Raises
    ------
    DomainError
        If there is no fit, or they rest on different points.

    References
    ----------
    .. [1] Burnham, Anderson, Model Selection and Multimodel Inference, 2nd ed., Springer, 2002, ch. 2 and 4.
    .. [2] Self, Liang, J. Am. Stat. Assoc. 82, 1987, case 5 (a parameter at its bound: half of chi-square).

    Examples
    --------
    >>> from capacity.models.scalability import Amdahl, Linear
    >>> loads, times = [20, 35, 50, 60, 70, 80], [0.0126, 0.0152, 0.0203, 0.0246, 0.0338, 0.0497]
    >>> choice = choose_law([law.fit_open(loads, times) for law in (Linear, Amdahl)])
    >>> print(choice.text)
    Amdahl law chosen (weights: Linear ruled out, p = 9.3e-08, Amdahl 1.00).
    """
    ordered = tuple(sorted(fits, key=lambda fit: fit.line.size))
    if not ordered:
        raise DomainError("no fit was given; give one or more of the same points")
    if any(not np.array_equal(fit.load, ordered[0].load) for fit in ordered):
        raise DomainError(
            "the fits rest on different points, so they cannot be compared; fit all laws to the same"
        )
    chances = tuple(
        min([_chance(fit, richer) for richer in ordered if richer.line.size > fit.line.size], default=1.0)
        for fit in ordered
    )
    return LawChoice(ordered, chances, _weights(ordered, chances))


def _weights(fits: Sequence[Fit], chances: Sequence[float]) -> tuple[float, ...]:
    """Akaike weights of the laws not ruled out; all of it to the simplest where points are too few to say."""
    criteria = [
        fit.aicc if chance > _RULED_OUT else math.inf for fit, chance in zip(fits, chances, strict=True)
    ]
    if not np.isfinite(criteria).any():
        left = next(i for i, chance in enumerate(chances) if chance > _RULED_OUT)
        return tuple(float(i == left) for i in range(len(fits)))
    weights = np.exp(-(np.array(criteria) - min(criteria)) / 2)
    return tuple((weights / weights.sum()).tolist())


def _chance(simple: Fit, rich: Fit) -> float:
    """Chance of the richer law's gain if the simpler one holds, its extra parameters at their bound 0.

    The gain is a mixture of F laws: half of it none for one parameter; for two, none, one or two as the free
    estimates fall, which their correlation ρ says: shares 1/2 - w, 1/2 and w = (π/2 + asin ρ) / 2π.
    """
    from scipy.special import fdtrc

    extra = rich.line.size - simple.line.size
    freedom = rich.degrees_of_freedom
    gain = max(simple.misfit - rich.misfit, 0.0)
    if math.isfinite(freedom):
        apart = max(simple.deviance - rich.deviance, 0.0)  # n ln of the ratio of variances, on one scale
        gain = math.expm1(apart / rich.observed.size) * freedom
    if gain == 0:
        return 1.0
    both = _both(rich) if extra == 2 else 0.0
    shares = {1: 0.5, 2: both}
    many = freedom if math.isfinite(freedom) else 1e9
    return float(sum(share * fdtrc(count, many, gain / count) for count, share in shares.items() if share))


def _both(rich: Fit) -> float:
    """Share of cases in which both costs come out above 0 where neither exists."""
    errors = np.sqrt(np.diag(rich.covariance))
    correlation = float(rich.covariance[1, 2] / (errors[1] * errors[2])) if errors[1:].all() else 0.0
    return (math.pi / 2 + math.asin(min(max(correlation, -1.0), 1.0))) / (2 * math.pi)


def _name(fit: Fit) -> str:
    return name_of(type(fit.law))
