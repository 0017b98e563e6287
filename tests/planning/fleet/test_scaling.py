"""Scaling laws, world by world."""

import numpy as np
import pytest

from capacity.models.scalability import Amdahl, Usl
from capacity.planning.fleet.scaling import AssumedScaling, law_of, sampled_laws


def test_a_fit_is_drawn_with_its_uncertainty() -> None:
    """Laws drawn from a fit scatter about it as its own interval says."""
    fit = Amdahl.fit([1, 2, 4], [300, 570, 1030], throughput_error=[6, 11, 20])
    laws = sampled_laws(fit, np.random.default_rng(1), 4000)
    contention = np.array([law.contention for law in laws])  # type: ignore[attr-defined]
    assert contention.std() == pytest.approx(fit.standard_errors["contention"], rel=0.1)
    assert np.median(contention) == pytest.approx(fit.law.contention, rel=0.05)


def test_what_is_assumed_is_drawn_from_its_ranges() -> None:
    """Every world has a law of its own, inside the ranges, with their PERT mean."""
    laws = sampled_laws(AssumedScaling(), np.random.default_rng(1), 4000)
    contention = np.array([law.contention for law in laws])
    assert 0 <= contention.min() < contention.max() <= 0.08
    assert contention.mean() == pytest.approx((0 + 4 * 0.03 + 0.08) / 6, rel=0.02)


def test_a_given_law_holds_in_every_world() -> None:
    """What was given is not sampled."""
    assert sampled_laws(Usl(300.0, 0.03, 0.0005), np.random.default_rng(1), 10) == [Usl(300.0, 0.03, 0.0005)]


def test_the_likely_law_stands_for_the_assumed_ones() -> None:
    """Figures that show one line show the likely one."""
    assert law_of(AssumedScaling()) == Usl(1.0, 0.03, 0.0005)
