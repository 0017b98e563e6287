"""Which loads, in what order, for how long."""

import math

import pytest

from capacity.estimate import Estimate
from capacity.evidence.planned.known import Known
from capacity.evidence.planned.loads import PERIOD, Aim, choose, held, startable

LONGEST = 1200.0


def rate(value, low=None, high=None):
    """Return an estimate of a rate."""
    return Estimate(value, low or value, high or value, unit="req/s", method="", provenance="measured")


def loads(known, role, longest=LONGEST):
    """Return the loads of one role, rising."""
    return [aim.load for aim, _ in choose(known, longest) if aim.role == role]


ESTABLISHED = Known(
    "established", served=90.0, refused=120.0, limit=rate(100.0, 98.0, 102.0), levels=(20.0, 60.0, 90.0)
)


def test_a_load_never_refused_is_raised_until_saturation_is_sure() -> None:
    """Steps of about a quarter, the last three times the highest load served."""
    steps = loads(Known("at least", served=100.0), "limit")
    assert steps[-1] == pytest.approx(300)
    assert all(1.1 < b / a <= 1.26 for a, b in zip([100.0, *steps], steps, strict=False))


def test_a_wanted_load_is_reached() -> None:
    """A target far above what was served stretches the steps."""
    assert loads(Known("at least", served=10.0, target=200.0), "limit")[-1] == pytest.approx(250)


def test_a_model_that_knows_the_limit_shortens_the_way_up() -> None:
    """No load far beyond the limit it predicts."""
    steps = loads(Known("at least", served=100.0, limit=rate(130.0, 120.0, 140.0)), "limit")
    assert steps[-1] == pytest.approx(1.25 * 140)


def test_a_load_never_served_is_lowered() -> None:
    """Loads from well below what an overload gave up to the lowest that was too much."""
    steps = loads(Known("at most", refused=200.0, start=150.0), "limit")
    assert min(steps) == pytest.approx(60)
    assert max(steps) == pytest.approx(200)
    assert loads(Known("at most", refused=200.0, start=150.0), "baseline") == [pytest.approx(30)]


def test_nothing_known_begins_at_a_tenth() -> None:
    """The ladder ends at the rate that was offered."""
    steps = loads(Known("not established", start=50.0), "limit")
    assert (steps[0], steps[-1]) == (pytest.approx(5), pytest.approx(50))


def test_an_even_division_without_a_model() -> None:
    """Quarters of the bracket."""
    known = Known("established", limit=rate(100.0), bracket=(60.0, 96.0), levels=(20.0, 60.0))
    assert loads(known, "objective") == pytest.approx([69, 78, 87])


def test_loads_lie_around_the_predicted_crossing() -> None:
    """Two where the objectives should be kept, two where they should be missed, none at the crossing itself."""
    crossings = (rate(76.0, 72.0, 78.0), rate(80.0, 77.0, 83.0), rate(84.0, 82.0, 88.0))
    known = Known("established", limit=rate(100.0), bracket=(60.0, 96.0), crossings=crossings)
    assert loads(known, "objective") == pytest.approx([72, 76, 84, 88])


def test_a_model_that_contradicts_the_measurements_is_not_followed() -> None:
    """A crossing outside of the bracket: even division."""
    crossings = (rate(20.0), rate(25.0), rate(30.0))
    known = Known("established", limit=rate(100.0), bracket=(60.0, 96.0), crossings=crossings)
    assert loads(known, "objective") == pytest.approx([69, 78, 87])


def test_objectives_missed_without_waiting_need_no_more_loads() -> None:
    """Lower and lower loads would never keep them."""
    known = Known("established", limit=rate(100.0), bracket=(0.0, 20.0))
    assert known.hopeless
    assert not loads(known, "objective")


def test_a_narrow_bracket_is_left_alone() -> None:
    """Within 3% nothing is to be gained."""
    assert not loads(Known("established", limit=rate(100.0), bracket=(80.0, 82.0)), "objective")


def test_one_overload_just_beyond_the_limit() -> None:
    """A tenth more than the upper end of the limit: the queue it builds stays shorter than usual time-outs."""
    assert loads(ESTABLISHED, "overload") == [pytest.approx(112.2)]


def test_low_loads_only_where_none_was_held() -> None:
    """A baseline and one between for a bare limit, neither where loads at 20 and 60% were held."""
    bare = Known("established", limit=rate(100.0))
    assert (loads(bare, "baseline"), loads(bare, "calibration")) == ([20.0], [60.0])
    assert (loads(ESTABLISHED, "baseline"), loads(ESTABLISHED, "calibration")) == ([], [])


def test_loads_rise_and_the_return_comes_last() -> None:
    """No load is judged in the wake of an overload but the return from it."""
    chosen = [
        aim for aim, _ in choose(Known("established", limit=rate(100.0), bracket=(60.0, 96.0)), LONGEST)
    ]
    assert chosen[-1].role == "recovery"
    assert [a.load for a in chosen[:-1]] == sorted(a.load for a in chosen[:-1])


@pytest.mark.parametrize("longest", [200.0, 500.0, 1200.0])
def test_time_goes_to_what_narrows_the_answer_most(longest: float) -> None:
    """The test is never longer than allowed, and the bracket of the objectives comes first."""
    chosen = choose(Known("established", limit=rate(100.0), bracket=(60.0, 96.0)), longest)
    assert sum(time for _, time in chosen) <= longest
    assert chosen[0][0].role in ("objective", "baseline")
    assert any(aim.role == "objective" for aim, _ in chosen)


@pytest.mark.parametrize("load", [2.0, 20.0, 80.0, 99.0])
@pytest.mark.parametrize("role", ["baseline", "objective", "overload"])
def test_enough_whole_periods_wherever_the_test_begins(load: float, role: str) -> None:
    """A load held T seconds covers at least T - 10 s of whole reporting periods, and at least six of them."""
    time = held(Aim(load, role), ESTABLISHED)
    assert time % PERIOD == 0
    for offset in (0.0, 3.3, 9.9):
        assert math.floor((offset + time) / PERIOD) - math.ceil(offset / PERIOD) >= 6
    assert time <= 310


def test_a_low_rate_is_held_until_the_answers_suffice() -> None:
    """P99 needs 299 independent answers, of which four of a queue make one: at 5 req/s 240 s."""
    known = Known("established", limit=rate(100.0), quantile=0.99)
    assert held(Aim(5.0, "limit"), known) == 250
    assert held(Aim(50.0, "limit"), known) == 70


def test_a_load_near_saturation_is_held_longer() -> None:
    """Twenty relaxation times 1 / (S (1 - √ρ)²) of the queue (Morse 1955)."""
    short, long = (held(Aim(load, "objective"), ESTABLISHED) for load in (80.0, 94.0))
    assert short == 190
    assert long == math.ceil(20 / (100 * (1 - math.sqrt(0.94)) ** 2) / 10) * 10 + 10 == 230


@pytest.mark.parametrize(("wanted", "duration"), [(81.3, 70.0), (4.33, 70.0), (0.001, 60.0), (50.0, 60.0)])
def test_users_are_whole(wanted: float, duration: float) -> None:
    """Fast rates are whole, as Artillery divides them among workers; slow ones make a whole number of users."""
    found = startable(wanted, duration)
    assert found * duration == pytest.approx(round(found * duration))
    assert found > 0
    assert found == round(found) or wanted < 20


def test_a_limit_is_bracketed_where_it_lies() -> None:
    """Without objectives the loads lie between the highest served and the lowest too much, or a tenth above."""
    found = loads(ESTABLISHED, "limit")
    assert all(90 < load < 112.3 for load in found)
    assert len(found) == 2
