"""Fleets of one kind of instance, of every size, in the sampled worlds: what each may be given, and what it misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from capacity.models.newsvendor import implied_ratio
from capacity.planning.demand.demand import LEVEL, Demand
from capacity.planning.fleet.headroom import Policy
from capacity.planning.fleet.shared import Shared
from capacity.wording import percent, plain

if TYPE_CHECKING:
    import pandas as pd

_AROUND = 2  # options shown on either side of the recommended one


@dataclass(frozen=True, eq=False)
class Fleets:
    """Fleets of 0, 1, 2 ... instances of one kind.

    Parameters
    ----------
    safe, all_up : ndarray
        What each may be given under the policy, and what it carries with all its instances up. [req/s]
        (worlds x sizes)
    demand : Demand
        Paths of daily peaks in the same worlds.
    policy : Policy
        What they must survive.
    shared : Shared
        What all instances share.
    instance_per_month : float, optional
        Price of one. [money per month]
    """

    safe: np.ndarray
    all_up: np.ndarray
    demand: Demand
    policy: Policy
    shared: Shared
    instance_per_month: float | None = None

    @cached_property
    def missed(self) -> np.ndarray:
        """Share of worlds in which the largest peak exceeds what each size may be given. [fraction]"""
        return (self.demand.peaks[:, None] > self.safe).mean(axis=0)

    @cached_property
    def room(self) -> np.ndarray:
        """Factor on the peaks up to which each size misses no more than the accepted risk. [1]"""
        return np.quantile(self.safe / self.demand.peaks[:, None], self.policy.risk, axis=0)

    @property
    def most(self) -> int:
        """Largest size looked at. [instances]"""
        return self.safe.shape[1] - 1

    @cached_property
    def fewest(self) -> int | None:
        """Fewest instances that can be had and miss no more than the accepted risk; None when none do."""
        enough = np.flatnonzero(self.missed[1:] <= self.policy.risk)
        size = int(enough[0]) + 1 if enough.size else None
        return None if size is None or self.shared.refusal(size) else size

    @property
    def available(self) -> int:
        """Largest size looked at that can be had. [instances]"""
        return self.most if self.shared.instances is None else min(self.most, self.shared.instances)

    @property
    def strongest(self) -> int:
        """Size that carries most of those that can be had. [instances]"""
        return int(np.argmax(np.median(self.safe[:, : self.available + 1], axis=0)))

    def judged(self, sizes: Sequence[int]) -> pd.DataFrame:
        """Return a row for each size: its safe load with the interval, and what it misses."""
        import pandas as pd

        chosen = list(sizes)
        low, median, high = np.quantile(self.safe[:, chosen], [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], axis=0)
        shortfall = np.maximum(self.demand.peaks[:, None] - self.safe[:, chosen], 0.0).mean(axis=0)
        return pd.DataFrame(
            {
                "instances": chosen,
                "safe_load_low": low,
                "safe_load": median,
                "safe_load_high": high,
                "probability_missed": self.missed[chosen],
                "expected_shortfall": shortfall,
                "room": self.room[chosen],
            }
        )

    def to_frame(self, sizes: Sequence[int], recommended: int | None) -> pd.DataFrame:
        """Return a row for each size: its safe load, what it misses, its price and the verdict."""
        frame = self.judged(sizes)
        frame["shortage_over_surplus"] = [
            implied_ratio(float(share)) for share in frame["probability_missed"]
        ]
        if self.instance_per_month is not None:
            frame["cost_per_month"] = self.instance_per_month * frame["instances"]
        return frame.assign(verdict=[self.verdict(n, recommended) for n in sizes])

    def verdict(self, instances: int, recommended: int | None) -> str:
        """What speaks for or against a size."""
        refused = self._refusal(instances)
        if refused:
            return f"refused: {refused}"
        if instances == recommended:
            return "recommended: fewest within the accepted risk"
        return f"enough, {instances - (recommended or 0)} more than needed"

    def around(self, size: int, running: int) -> list[int]:
        """Sizes worth showing: about one, today's, and the smallest that can lose what the policy asks."""
        smallest = next((n for n in range(1, self.most + 1) if n > self.policy.lost(n)), size)
        near = range(size - _AROUND, size + _AROUND + 1)
        return [n for n in sorted({*near, running, smallest}) if 1 <= n <= self.most]

    def _refusal(self, instances: int) -> str:
        lost = self.policy.lost(instances)
        if instances <= lost:
            return f"cannot do without {lost} of {instances}"
        missed = float(self.missed[instances])
        if missed > self.policy.risk:
            return (
                f"misses the objective with probability {plain(missed, 'probability_missed')}%, "
                f"{percent(self.policy.risk)} is accepted"
            )
        return self.shared.refusal(instances)
