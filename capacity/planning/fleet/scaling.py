"""How capacity grows with instances, world by world: the fitted law, the law given, or the one assumed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from capacity.models.finance import pert_sample
from capacity.models.fits.fitting import Fit
from capacity.models.scalability import Usl

_MOST_CONTENTION = 1 - 1e-9


@dataclass(frozen=True)
class AssumedScaling:
    """What is assumed of the scaling across instances where no tests at several counts tell it.

    A belief, not a measurement: each world has a law of its own, contention and coherency drawn from the PERT
    distribution of their range.

    Parameters
    ----------
    contention, coherency : three floats
        Low, likely, high of the universal scalability law's coefficients. [fraction]

    References
    ----------
    .. [1] Gunther, Guerrilla Capacity Planning, Springer, 2007, ch. 4-6.
    """

    contention: tuple[float, float, float] = (0.0, 0.03, 0.08)
    coherency: tuple[float, float, float] = (0.0, 0.0005, 0.001)

    @property
    def law(self) -> Usl:
        """The law of the likely values."""
        return Usl(1.0, self.contention[1], self.coherency[1])

    def draw(self, rng: np.random.Generator, worlds: int) -> list[Usl]:
        """Return a law for each world."""
        drawn = zip(
            pert_sample(rng, *self.contention, worlds), pert_sample(rng, *self.coherency, worlds), strict=True
        )
        return [Usl(1.0, float(contention), float(coherency)) for contention, coherency in drawn]

    def __str__(self) -> str:
        return (
            f"contention {self.contention[0]:.0%} to {self.contention[2]:.0%}, likely {self.contention[1]:.0%}, and "
            f"coherency up to {self.coherency[2]:g} are assumed"
        )


Scaling = Usl | Fit | AssumedScaling


def law_of(scaling: Scaling) -> Usl:
    """Return the best law of a fit, the likely one of those assumed, or a law as it is."""
    return scaling if isinstance(scaling, Usl) else scaling.law


def sampled_laws(scaling: Scaling, rng: np.random.Generator, worlds: int) -> list[Usl]:
    """Return a scaling law for each world; one law for all worlds where it was given and not fitted.

    The laws of a fit are drawn from its line R(N) = (1, α, β)/γ with its covariance (Student's t where the
    errors were estimated); what would fall below zero is zero.
    """
    if isinstance(scaling, Usl):
        return [scaling]
    if isinstance(scaling, AssumedScaling):
        return scaling.draw(rng, worlds)
    freedom = scaling.degrees_of_freedom
    spread = np.ones(worlds) if math.isinf(freedom) else np.sqrt(freedom / rng.chisquare(freedom, worlds))
    error = rng.multivariate_normal(np.zeros(scaling.line.size), scaling.covariance, worlds, method="eigh")
    lines = scaling.line + error * spread[:, None]
    shapes = np.clip(lines[:, 1:] / lines[:, :1], 0.0, _MOST_CONTENTION)
    shapes = np.pad(shapes, ((0, 0), (0, 2 - shapes.shape[1])))
    return [Usl(1.0, float(contention), float(coherency)) for contention, coherency in shapes]
