"""Another method's answer to the same question, to hold ours against: statsmodels, where it is installed."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from capacity.display import result_html
from capacity.errors import NotIdentified
from capacity.estimate import Estimate
from capacity.planning.demand.demand import multipliers
from capacity.planning.demand.trend import WEEK

if TYPE_CHECKING:
    import pandas as pd

    from capacity.planning.demand.demand import Demand

_WORLDS = 1000
_ITERATIONS = 500
_LEAST = 1e-6  # standard deviation of the logarithms
_ALIKE = 0.01  # relative difference below which two peaks are told to be alike
_ENOUGH = 0.5  # of the narrower interval, in logarithms, that must lie in the other one


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """The largest daily peak over the horizon by a structural time-series model, beside ours.

    Parameters
    ----------
    peak : Estimate
        By the other method. [req/s]
    ours : Estimate
        By `forecast`. [req/s]
    horizon_days : int
        Days ahead. [days]
    caveats : tuple of str
        In what the two do not answer the same question.

    Examples
    --------
    >>> import capacity as cap
    >>> theirs, ours = (
    ...     cap.Estimate(value, low, high, unit="req/s", method="peak", provenance="assumed")
    ...     for value, low, high in [(254, 221, 295), (252, 227, 305)]
    ... )
    >>> opinion = SecondOpinion(theirs, ours, horizon_days=180)
    >>> opinion.agrees, round(opinion.difference, 3)  # [fraction]
    (True, 0.008)
    """

    peak: Estimate
    ours: Estimate
    horizon_days: int
    caveats: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """Its median over ours, less 1. [fraction]"""
        return (self.peak.value or math.nan) / (self.ours.value or math.nan) - 1

    @property
    def overlap(self) -> float:
        """Share of the narrower interval, in logarithms, that lies in the other one. [fraction]"""
        low = math.log(max(self.peak.low, self.ours.low))
        high = math.log(min(self.peak.high, self.ours.high))
        narrower = min(math.log(one.high / one.low) for one in (self.peak, self.ours))
        if narrower <= 0:
            return float(high >= low)
        return min(max(high - low, 0.0) / narrower, 1.0)

    @property
    def agrees(self) -> bool:
        """Whether half of the narrower interval or more lies in the other one."""
        return self.overlap >= _ENOUGH

    @property
    def text(self) -> str:
        """What it says and whether that is what we say."""
        side = f"{abs(self.difference):.0%} {'higher' if self.difference > 0 else 'lower'}"
        side = side if abs(self.difference) >= _ALIKE else f"within {_ALIKE:.0%} of it"
        agrees = "agrees" if self.agrees else "does not agree"
        advice = (
            "" if self.agrees else " Plan with the higher of the two, and look at what changed in the past."
        )
        return " ".join(
            [
                f"A second opinion ({self.peak.method}) {agrees}: it expects {self.peak} where the forecast has "
                f"{self.ours}, {side} in the middle; {self.overlap:.0%} of the narrower "
                f"90% interval lies in the other.{advice}",
                *self.caveats,
            ]
        )

    def to_frame(self) -> pd.DataFrame:
        """Both answers: by, estimate, method."""
        import pandas as pd

        rows = [("forecast", self.ours), ("second opinion", self.peak)]
        return pd.DataFrame(
            [{"by": name, "estimate": estimate, "method": estimate.method} for name, estimate in rows]
        )

    def __str__(self) -> str:
        return f"peak over {self.horizon_days} days by another method: {self.peak}"

    def _repr_html_(self) -> str:
        return result_html(
            self.to_frame(), f"Two answers for the peak over {self.horizon_days} days", self.text
        )


def second_opinion(demand: Demand, *, rng: np.random.Generator) -> SecondOpinion:
    """Ask another model for the largest daily peak over the horizon of a forecast.

    Parameters
    ----------
    demand : Demand
        Made by `forecast`; its history and its events are used.
    rng : numpy.random.Generator
        Of every random draw.

    Raises
    ------
    NotIdentified
        If the demand rests on no history, if statsmodels is not installed, or if its fit fails.

    Notes
    -----
    The logarithm of the daily peak is a level that walks at random with a drift, a fixed week and Gaussian AR(1)
    noise, fitted by maximum likelihood with the Kalman filter; paths are simulated from it [1]_, [2]_. Where
    `forecast` holds on to one line beside the jumps it finds, this model lets the level wander: where it wandered
    in the past the two part, and that is worth knowing. It has no heavy tail, so with campaigns it says less.
    The events multiply its paths as they do ours; growth stated in the plan has no part in it.

    References
    ----------
    .. [1] Harvey, Forecasting, Structural Time Series Models and the Kalman Filter, Cambridge, 1989, ch. 4.
    .. [2] Seabold & Perktold, statsmodels: econometric and statistical modeling with Python, SciPy 2010.

    Examples
    --------
    >>> import capacity as cap
    >>> study = cap.Study.load("data/storefront/plan.toml")
    >>> print(cap.second_opinion(study.demand, rng=study.rng()))
    peak over 180 days by another method: 254 req/s (221 to 295)
    """
    history = demand.history
    if history is None:
        raise NotIdentified(
            "a second opinion needs a traffic history; this demand rests on assumptions alone"
        )
    logs = np.log(history.daily_peak.asfreq("D").to_numpy())
    drawn = _simulated(logs, demand.horizon_days, rng)
    factors, _, _ = multipliers(demand.events, demand.dates, rng, _WORLDS)
    method = "wandering level with drift, week and AR(1), Kalman filter"
    peak = Estimate.of_sample(
        (np.exp(drawn) * factors).max(axis=1),
        unit="req/s",
        method=method,
        provenance="assumed" if demand.events else "measured",
    )
    given = demand.growth_per_month.provenance == "assumed"
    caveats = ("It takes the growth from the history, not from the plan.",) if given else ()
    return SecondOpinion(peak, demand.peak, demand.horizon_days, caveats)


def _simulated(logs: np.ndarray, days: int, rng: np.random.Generator) -> np.ndarray:
    """Paths of the logarithm after the last day (worlds x days); missing days are nan."""
    try:
        from statsmodels.tsa.statespace.structural import UnobservedComponents
    except ImportError:
        raise NotIdentified(
            "a second opinion needs statsmodels, which is not installed: pip install 'capacity[forecast]'"
        ) from None
    middle, scale = float(np.nanmean(logs)), float(np.nanstd(logs))
    if scale < _LEAST:
        raise NotIdentified(
            "daily peaks that are all the same need no second opinion; they have no noise to fit"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its optimizer; whether it converged is asked below
        model = UnobservedComponents(
            (logs - middle) / scale,
            level=True,
            stochastic_level=True,
            trend=True,
            autoregressive=1,
            seasonal=WEEK,
            stochastic_seasonal=False,
        )
        fit = model.fit(disp=False, maxiter=_ITERATIONS)
        if not fit.mle_retvals["converged"]:
            raise NotIdentified(
                f"the second opinion did not converge in {_ITERATIONS} iterations; go without it"
            )
        drawn = fit.simulate(days, anchor="end", repetitions=_WORLDS, rng=rng)
    return np.asarray(drawn).reshape(days, _WORLDS).T * scale + middle
