"""Laws of times: their moments against published values, against each other and against what they draw."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.distributions import (
    Constant,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    MixedErlang,
    Pareto,
    of_moments,
)

LAWS = [
    Constant(0.02), Exponential(0.02), Erlang(0.02, 3), MixedErlang(0.02, 0.4), Gamma(0.02, 2.5),
    Hyperexponential.balanced(0.02, 4.0), Hyperexponential(0.02, 0.3, 2.0), Lognormal(0.02, 1.5), Pareto(0.02, 6.0),
    Empirical.of([0.01, 0.012, 0.038], [1, 2, 1]),
]  # fmt: skip


def test_balanced_means() -> None:
    """Share (1 + √((scv - 1) / (scv + 1))) / 2, means 1 / (2 p) and 1 / (2 (1 - p)): Whitt 1982, eq. 3.7."""
    law = Hyperexponential.balanced(1.0, 9.0)
    assert law.share == pytest.approx((1 + math.sqrt(0.8)) / 2, rel=1e-15)
    assert (law.first, law.second) == pytest.approx(
        (1 / (2 * law.share), 1 / (2 * (1 - law.share))), rel=1e-12
    )


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_draws_have_the_moments_stated(law) -> None:
    """Mean and variance of 400,000 draws are those of the law, within five standard errors."""
    drawn = law.sample(400_000, np.random.default_rng(7)) / law.mean
    error = math.sqrt(np.var((drawn - 1) ** 2) / drawn.size)
    assert drawn.mean() == pytest.approx(1, abs=5 * math.sqrt(law.scv / drawn.size) + 1e-12)
    assert drawn.var() == pytest.approx(law.scv, abs=5 * error + 1e-12)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: type(law).__name__)
def test_another_unit_changes_the_mean_alone(law) -> None:
    """A thousand times as long, the same variation."""
    scaled = law.scaled(1000)
    assert (scaled.mean, scaled.scv) == (pytest.approx(1000 * law.mean), pytest.approx(law.scv, rel=1e-12))


@pytest.mark.parametrize("scv", [0.0, 0.04, 0.21, 0.25, 0.3, 1 / 3, 0.999, 1.0, 1.001, 4.0, 20.0])
def test_law_of_two_moments_has_them(scv: float) -> None:
    """Whatever kind is taken."""
    law = of_moments(3.0, scv)
    assert (law.mean, law.scv) == (3.0, pytest.approx(scv, rel=1e-12))


@pytest.mark.parametrize(
    ("scv", "kind"), [(0, Constant), (1, Exponential), (0.2, Erlang), (0.3, MixedErlang)]
)
def test_limits_are_the_simple_laws(scv: float, kind: type) -> None:
    """Constant at 0, exponential at 1, Erlang at one over a whole number."""
    assert type(of_moments(1.0, scv)) is kind


def test_mixed_erlang_meets_erlang() -> None:
    """At 1 / 4 it has four phases and never one fewer."""
    law = MixedErlang(1.0, 0.25)
    assert (law.phases, law.fewer) == (4, pytest.approx(0, abs=1e-7))


def test_tails() -> None:
    """Lognormal and Pareto alone have no decay rate; Pareto has no variance up to a shape of 2."""
    assert [type(law) for law in LAWS if law.heavy_tailed] == [Lognormal, Pareto]
    assert math.isinf(Pareto(1.0, 2.0).scv)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Exponential(0.0), "mean 0 is not allowed"),
        (lambda: Erlang(1.0, 0), "phases 0 is not allowed"),
        (lambda: Hyperexponential.balanced(1.0, 1.0), "scv 1 is not that of a hyperexponential law"),
        (
            lambda: Hyperexponential(1.0, 0.5, 2.0),
            "first 2 leaves no time for the other kind; give less than 2",
        ),
        (lambda: MixedErlang(1.0, 1.5), "variation 1.5 is not above 0 and at most 1"),
        (lambda: Pareto(1.0, 1.0), "shape 1 gives an infinite mean"),
        (lambda: Empirical.of([1.0, -2.0]), "time -2 is not allowed"),
        (lambda: Empirical.of([1.0, math.inf]), "time inf is not allowed"),
        (lambda: Empirical.of([1.0], [0.0]), "weights must be"),
        (lambda: of_moments(1.0, math.nan), "scv nan is not allowed"),
    ],
)
def test_laws_that_do_not_exist_are_refused(make, message: str) -> None:
    """With the value and what is allowed."""
    with pytest.raises(DomainError, match=message):
        make()
