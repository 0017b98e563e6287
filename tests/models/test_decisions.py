"""What information is worth, and where a balance tips."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError, NotIdentified
from capacity.models.decisions import break_even, evpi, evppi
from capacity.models.newsvendor import LognormalDemand


def example(worlds: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    """Levers, section 7: peak demand, capacity, and the losses of staying and of adding a replica."""
    rng = np.random.default_rng(seed)
    demand = 240 * np.exp(0.20 * rng.standard_normal(worlds))
    capacity = rng.normal(300, 30, worlds)
    stay, add = (720 * np.maximum(demand - factor * capacity, 0) for factor in (1, 1.94))
    return demand, capacity, np.column_stack([stay, add + 6000]), rng


def test_decision_example():
    """Expected losses 4353 and 6001, EVPI 3456, EVPPI of demand 2800 and of capacity 950 (levers, section 7)."""
    demand, capacity, losses, _ = example(400_000, 1)
    assert losses.mean(axis=0) == pytest.approx([4353, 6001], rel=0.02)
    assert evpi(losses) == pytest.approx(3456, rel=0.02)
    assert evppi(losses, demand, bins=200) == pytest.approx(2800, rel=0.06)
    assert evppi(losses, capacity, bins=200) == pytest.approx(950, rel=0.06)
    assert evppi(losses, demand) == pytest.approx(2800, rel=0.06)


def test_few_worlds_do_not_invent_worth():
    """With 2,000 worlds the mean over seeds is near the truth, and what tells nothing is worth nothing."""
    found = []
    for seed in range(100):
        demand, capacity, losses, rng = example(2000, seed)
        noise = rng.standard_normal(2000)
        found.append([evppi(losses, demand), evppi(losses, capacity), evppi(losses, noise)])
    demand, capacity, noise = np.mean(found, axis=0)
    assert demand == pytest.approx(2800, rel=0.06)
    assert capacity == pytest.approx(950, rel=0.12)
    assert noise < 15


def test_perfect_information_by_hand():
    """Two worlds, two actions: 15 on average knowing all, 20 at best knowing nothing."""
    assert evpi(np.array([[0.0, 30.0], [40.0, 30.0]])) == 5.0


def test_one_action_or_a_dominating_one_leaves_nothing_to_know():
    """Without a choice that could change, information is worthless."""
    rng = np.random.default_rng(2)
    one = rng.uniform(size=(500, 1))
    assert evpi(one) == 0
    assert evpi(np.column_stack([one, one + 1])) == pytest.approx(0, abs=1e-12)
    assert evppi(np.column_stack([one, one + 1]), one[:, 0]) == 0


def test_a_parameter_that_decides_everything_is_worth_everything():
    """When the losses depend on one parameter alone, knowing it is knowing all: E|Z|/2."""
    z = np.random.default_rng(3).standard_normal(200_000)
    losses = np.column_stack([z, np.zeros(z.size)])
    assert evppi(losses, z) == pytest.approx(evpi(losses), rel=0.005)
    assert evpi(losses) == pytest.approx(1 / math.sqrt(2 * math.pi), rel=0.01)


def test_a_parameter_of_two_values():
    """Ties in the parameter are shared out over bins without harm: a coin that decides is worth 1/2."""
    coin = np.random.default_rng(4).integers(0, 2, 4000)
    losses = np.column_stack([coin, 1.0 - coin])
    assert evppi(losses, coin) == pytest.approx(0.5, abs=0.05)


def test_a_constant_is_worth_nothing():
    """What is known already cannot be learned."""
    _, _, losses, _ = example(2000, 5)
    assert evppi(losses, np.ones(2000)) == 0


def test_worth_of_information_scales_with_money():
    """Ten times the stakes, ten times the worth; the order of the actions does not matter."""
    demand, _, losses, _ = example(5000, 6)
    assert evppi(10 * losses, demand) == pytest.approx(10 * evppi(losses, demand))
    assert evppi(losses[:, ::-1], demand) == pytest.approx(evppi(losses, demand))


@pytest.mark.parametrize(
    ("parameter", "bins", "message"),
    [
        (
            np.zeros(99),
            None,
            r"a parameter of shape \(99,\) beside 100 worlds of losses; give one finite number",
        ),
        (np.full(100, np.nan), None, "give one finite number a world"),
        (np.arange(100.0), 20, "20 bins of 100 worlds; give at most 10, or 200 worlds"),
        (np.arange(100.0), 0, "bins 0 is not allowed; give a whole number, 1 or above"),
    ],
)
def test_impossible_parameters_are_refused(parameter, bins, message):
    """The message says what came and what is allowed."""
    with pytest.raises(DomainError, match=message):
        evppi(np.zeros((100, 2)), parameter, bins)


def test_losses_are_a_table():
    """A list of losses has no actions."""
    with pytest.raises(
        DomainError, match=r"losses of shape \(3,\) are no table of finite numbers; give one row a world"
    ):
        evpi(np.zeros(3))


def test_break_even_outages():
    """52 hours at 100 $ against 20,200 $ a prevented outage: 0.2574 outages (levers N2, N3)."""
    saving = LognormalDemand.between(5_000, 50_000).mean
    assert break_even(lambda outages: outages * saving - 52 * 100, 0, 12) == pytest.approx(0.2574, abs=5e-5)


def test_break_even_of_a_falling_function():
    """A price may be too high: 20 $ an hour too much at 10 hours and 200 $ of savings."""
    assert break_even(lambda price: 200 - 10 * price, 0, 1e6) == pytest.approx(20)


def test_break_even_of_a_step():
    """Work that pays from a threshold on breaks even at the threshold."""
    assert break_even(lambda x: 1.0 if x > 3.7 else -1.0, 0, 100) == pytest.approx(3.7)


def test_break_even_skips_impossible_values():
    """Where the input is impossible nothing is said; the answer lies among the possible."""
    assert break_even(lambda x: math.nan if x < 1 else x - 30, 0, 1000) == pytest.approx(30)


def test_no_break_even():
    """Never positive, or twice zero: refused, with the range and the course."""
    with pytest.raises(NotIdentified, match=r"from 0 to 10: the worth stays 0 or below \(-11 to -1\)"):
        break_even(lambda x: -1 - x, 0, 10)
    with pytest.raises(NotIdentified, match="changes sign 2 times"):
        break_even(lambda x: (x - 1e-3) * (1 - x), 0, 10)
    with pytest.raises(NotIdentified, match="is not known anywhere"):
        break_even(lambda x: math.nan, 0, 10)
    with pytest.raises(DomainError, match="5 to 2 is no range; give the smaller value first"):
        break_even(lambda x: x, 5, 2)
