"""Service demands of classes of requests from what was measured together: utilization and the rates of all classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from capacity.errors import DomainError, NotIdentified
from capacity.estimate import Estimate
from capacity.models import domain
from capacity.shown import Shown

_MOST_INFLATION = (
    100.0  # of a demand's variance by rates that move together, beyond which it is not identified
)
_BEYOND_CHANCE = 0.998  # two-sided level at which a negative demand contradicts the model


@dataclass(frozen=True, eq=False)
class DemandFit(Shown):
    """Utilization as a sum over the classes of rate times demand, plus what runs in the background: U = U₀ + Σ X D.

    Parameters
    ----------
    rates : ndarray
        Throughput, a row per measurement and a column per class. [req/s]
    utilization : ndarray
        Busy share of each server then. [fraction]
    names : tuple of str
        Of the classes.
    servers : int
        Servers the utilization is an average over. [servers]
    level : float
        Confidence of the intervals. [fraction]

    Examples
    --------
    >>> import capacity as cap
    >>> rates = [[90, 10], [60, 20], [30, 35], [80, 40], [20, 5]]  # [req/s] of each class
    >>> fit = cap.service_demands(rates, [0.252, 0.239, 0.256, 0.379, 0.084], names=["read", "write"])
    >>> print(fit.demands[1])
    0.00498 s (0.0048 to 0.00517)
    """

    rates: np.ndarray
    utilization: np.ndarray
    names: tuple[str, ...]
    servers: int = 1
    level: float = 0.9

    @property
    def ols_demands(self) -> np.ndarray:
        """Demands of least squares without bounds, which may be negative [s]."""
        return self._fit(self._all)[0][:-1]

    @property
    def ols_background(self) -> float:
        """Utilization without requests by the same fit [fraction]."""
        return float(self._fit(self._all)[0][-1]) / self.servers

    @property
    def standard_errors(self) -> np.ndarray:
        """Of `ols_demands` [s], and last of `ols_background` [fraction]."""
        errors = self._fit(self._all)[1].copy()
        errors[-1] /= self.servers
        return errors

    @property
    def inflation(self) -> np.ndarray:
        """How many times larger each demand's variance is than if the other classes' rates stood still [1]."""
        return inflation_of(self.rates)

    @property
    def method(self) -> str:
        """How the estimates were found."""
        if self._kept == self._all:
            return "least squares with intercept"
        absent = [name for k, name in enumerate((*self.names, "background")) if k not in self._kept]
        return f"least squares, not negative: {', '.join(absent)} at 0"

    @property
    def demands(self) -> tuple[Estimate, ...]:
        """Demand of each class with its t interval; not negative [s].

        Where least squares gives a negative demand, all are fitted again under the bound; `method` says so.

        Raises
        ------
        NotIdentified
            If a demand is negative by more than chance: then this utilization is not the sum this model takes it for.
        """
        return self._estimates[:-1]

    @property
    def background(self) -> Estimate:
        """Utilization without requests, not negative; as `demands` [fraction]."""
        return self._estimates[-1]

    @cached_property
    def _estimates(self) -> tuple[Estimate, ...]:
        values, errors = self._fit(self._kept)
        free, free_errors = self._fit(self._all)
        reach, free_reach = self._reach(len(self._kept)), self._reach(len(self._all))
        found = []
        for k, name in enumerate((*self.names, "the background")):
            scale, unit = (1.0, "s") if k < len(self.names) else (1 / self.servers, "")
            low, high = values[k] - reach * errors[k], values[k] + reach * errors[k]
            if k not in self._kept:
                high = max(free[k], 0.0) + free_reach * free_errors[k]
                self._refuse_negative(name, float(free[k]), float(free_errors[k]))
            low, value, high = (max(float(bound), 0.0) * scale for bound in (low, values[k], high))
            found.append(
                Estimate(
                    value, low, high, unit=unit, method=self.method, provenance="measured", level=self.level
                )
            )
        return tuple(found)

    def _refuse_negative(self, name: str, value: float, error: float) -> None:
        if value < -error * self._reach(len(self._all), _BEYOND_CHANCE):
            raise NotIdentified(
                f"{name} comes out at {value:.3g} with a standard error of {error:.2g}: negative by more than chance. "
                "Something else moves the utilization than these classes; measure it too, or leave out where it ran"
            )

    def _reach(self, parameters: int, level: float | None = None) -> float:
        from scipy.special import stdtrit

        return float(stdtrit(len(self.utilization) - parameters, (1 + (level or self.level)) / 2))

    @property
    def _all(self) -> tuple[int, ...]:
        return tuple(range(self.rates.shape[1] + 1))

    @cached_property
    def _kept(self) -> tuple[int, ...]:
        """Columns that are not on the bound of the fit without negative values."""
        if (self._fit(self._all)[0] >= 0).all():
            return self._all
        from scipy.optimize import nnls

        design = self._design
        scale = np.abs(design).max(axis=0)
        found, _ = nnls(design / scale, self.utilization * self.servers)
        return tuple(int(k) for k in np.flatnonzero(found))

    @property
    def _design(self) -> np.ndarray:
        return np.column_stack([self.rates, np.ones(len(self.rates))])

    def _fit(self, kept: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Least squares on some of the columns: values, and standard errors; 0 for the others."""
        columns = list(kept)
        design, target = self._design[:, columns], self.utilization * self.servers
        scale = np.abs(design).max(axis=0)
        values, *_ = np.linalg.lstsq(design / scale, target, rcond=None)
        residual = target - design / scale @ values
        variance = residual @ residual / (len(target) - len(columns))
        spread = np.linalg.inv((design / scale).T @ (design / scale)).diagonal()
        full, errors = np.zeros((2, self.rates.shape[1] + 1))
        full[columns], errors[columns] = values / scale, np.sqrt(variance * spread) / scale
        return full, errors


def service_demands(
    rates: ArrayLike,
    utilization: ArrayLike,
    *,
    names: Sequence[str] = (),
    servers: int = 1,
    level: float = 0.9,
) -> DemandFit:
    """Service demand of each class from measurements of all rates and of the utilization they caused together.

    U c = U₀ c + Σ X D by least squares. Each measurement is a steady step or minute; the mix of classes has to change
    between them.

    Parameters
    ----------
    rates : array_like
        Throughput, a row per measurement and a column per class (or a list for one class). [req/s]
    utilization : array_like
        Busy share of each server. [fraction]
    names : sequence of str, optional
        Of the classes, for messages; ``class 1`` and so on by default.
    servers : int
        Servers the utilization is an average over. [servers]
    level : float
        Confidence of the intervals. [fraction]

    Raises
    ------
    DomainError
        If a rate is negative, or a utilization outside 0..1.
    NotIdentified
        If there are too few measurements, or the rates of some classes move together (or not at all) so that their
        demands cannot be told apart; the message says which mix to test.

    References
    ----------
    .. [1] Lazowska et al., Quantitative System Performance, 1984, ch. 12 (parameters from measurements).
    .. [2] Belsley, Kuh and Welsch, Regression Diagnostics, Wiley, 1980, ch. 3 (variance inflation).

    Examples
    --------
    >>> rates = [[90, 10], [60, 20], [30, 35], [80, 40], [20, 5]]
    >>> busy = [0.252, 0.239, 0.256, 0.379, 0.084]
    >>> fit = service_demands(rates, busy, names=["read", "write"])
    >>> print(*fit.demands)
    0.00201 s (0.00192 to 0.00211) 0.00498 s (0.0048 to 0.00517)
    """
    rows = np.asarray(rates, dtype=float)
    rows = rows.reshape(len(rows), -1)
    busy = np.asarray(utilization, dtype=float)
    names = tuple(names) or tuple(f"class {number + 1}" for number in range(rows.shape[1]))
    domain.count(servers=servers)
    domain.fraction(level=level)
    _check_rows(rows, busy, names)
    _check_mix(rows, names)
    return DemandFit(rows, busy, names, servers, level)


def inflation_of(rates: np.ndarray) -> np.ndarray:
    """Variance inflation of each column: 1 / (1 - R²) of its regression on the others; inf where they determine it.

    Examples
    --------
    >>> inflation_of(np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [2.0, 2.0]]))
    array([1., 1.])
    """
    centred = rates - rates.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    still = spread <= 1e-9 * np.abs(rates).max(axis=0)
    columns = np.where(still, 0.0, centred / np.where(still, 1.0, spread))
    result = np.full(rates.shape[1], math.inf)
    for k in np.flatnonzero(~still):
        others = np.delete(columns, k, axis=1)
        found, *_ = np.linalg.lstsq(others, columns[:, k], rcond=None)
        left = float(((columns[:, k] - others @ found) ** 2).sum())
        result[k] = 1 / left if left > 1e-14 else math.inf
    return result


def _check_rows(rates: np.ndarray, utilization: np.ndarray, names: tuple[str, ...]) -> None:
    count, classes = rates.shape
    if utilization.shape != (count,) or len(names) != classes:
        raise DomainError(
            f"{count} rows of {classes} rates, {utilization.size} utilizations and {len(names)} names do not match; "
            "give one utilization per row and one name per class"
        )
    if not (np.isfinite(rates) & (rates >= 0)).all():
        raise DomainError("rates must be finite and not negative; leave out the rows where one is missing")
    wrong = ~((utilization >= 0) & (utilization <= 1))
    if wrong.any():
        raise DomainError(
            f"utilization {utilization[wrong][0]:g} is outside 0 to 1; give it as a fraction, averaged over the servers"
        )
    if count < classes + 2:
        raise NotIdentified(
            f"{count} measurements do not determine {classes} demands, a background and their scatter; "
            f"measure at least {classes + 2} steps with different mixes"
        )


def _check_mix(rates: np.ndarray, names: tuple[str, ...]) -> None:
    inflation = inflation_of(rates)
    if (inflation <= _MOST_INFLATION).all():
        return
    constant = [name for name, column in zip(names, rates.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise NotIdentified(
            f"the rate of {', '.join(constant)} never changes, so its work cannot be told from the background; "
            "add steps with a different rate of it"
        )
    together = [name for name, times in zip(names, inflation, strict=True) if times > _MOST_INFLATION]
    raise NotIdentified(
        f"the rates of {', '.join(together)} move together (variance inflation {inflation.max():.3g}, at most "
        f"{_MOST_INFLATION:g}), so their demands cannot be told apart; add steps with much more of {together[0]} "
        "and much less of the others"
    )
