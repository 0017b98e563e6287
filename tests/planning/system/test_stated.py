"""What the investments of a plan state."""

import numpy as np
import pytest

from capacity.errors import UsageError
from capacity.plan import Investment
from capacity.planning.system.stated import facts_of, mean_of, sampled, three_of, written


def invest(lever: str = "caching", **parameters: object) -> Investment:
    """One investment with these parameters."""
    return Investment(lever=lever, hours=(1, 2, 3), parameters=parameters)


def test_facts_hold_for_all_investments() -> None:
    """A fact stated with one investment is known to the others; parameters of the work are not facts."""
    stated = facts_of([invest(hit_ratio=0.6), invest("connection_pool", query_ms=20, reuse=0.9)])
    assert stated == {"query_ms": 20}


def test_contradicting_facts_are_refused() -> None:
    """One system cannot have two databases."""
    with pytest.raises(UsageError, match="query_ms = 30 contradicts query_ms = 20"):
        facts_of([invest(query_ms=20), invest("connection_pool", query_ms=30)])


def test_the_same_fact_twice_is_no_contradiction() -> None:
    """A number and the range that holds only it are the same."""
    assert facts_of([invest(query_ms=20), invest("connection_pool", query_ms=(20, 20, 20))])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hit_ration": 0.6}, "'caching': unknown parameter 'hit_ration'; .*did you mean 'hit_ratio'"),
        ({"hit_ratio": 1.6}, r"'caching': hit_ratio = 1\.6; allowed: 0 to 1 \[fraction\]"),
        (
            {"hit_ratio": (0.5, 0.6, 1.7)},
            r"hit_ratio = \[0\.5, 0\.6, 1\.7\]; .* a number or low <= likely <= high",
        ),
        ({"query_ms": 0.0}, "query_ms = 0; allowed: 1e-06 or more"),
        ({"objects": 10.5}, r"objects = 10\.5; allowed: a whole number \[objects\]"),
    ],
)
def test_impossible_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    """Each names the investment, the parameter, the value and the range."""
    with pytest.raises(UsageError, match=message):
        facts_of([invest(**parameters)])


@pytest.mark.parametrize(
    ("lever", "parameters", "message"),
    [
        (
            "connection_pool",
            {"max_connections": 100, "reserved_connections": 100},
            "'connection_pool': max_connections = 100, reserved_connections = 100; allowed: fewer reserved",
        ),
        (
            "retries",
            {"stuck_minutes": 5, "contained_minutes": (4, 6, 8)},
            r"'retries': stuck_minutes = 5, contained_minutes = \[4, 6, 8\]; allowed: no longer",
        ),
        (
            "blue_green",
            {"deploys_per_year": 1e6, "planned_minutes": 2},
            "'blue_green': planned_minutes = 2, deploys_per_year = 1e.06; allowed: at most 525,600 min",
        ),
        (
            "apm",
            {"incidents_per_year": 10_000, "detect_minutes": 30, "fix_minutes": 60},
            "'apm': detect_minutes = 30, fix_minutes = 60, incidents_per_year = 10000; allowed: at most",
        ),
    ],
)
def test_facts_that_cannot_be_true_together(lever: str, parameters: dict[str, object], message: str) -> None:
    """Each names the investment, the keys and what is allowed."""
    with pytest.raises(UsageError, match=message):
        facts_of([invest(lever, **parameters)])


def test_a_factor_above_one_is_a_harm() -> None:
    """A tool may make things slower; thirty for 30% is a slip."""
    work = {"diagnose_factor": 1.0, "cpu_share": 0.0}
    assert facts_of([invest("apm", detect_factor=1.5, **work)]) == {}
    with pytest.raises(UsageError, match=r"detect_factor = 30; allowed: 0 to 10 \[fraction\]"):
        facts_of([invest("apm", detect_factor=30, **work)])


def test_levers_without_a_model_may_say_anything() -> None:
    """Their parameters are not judged."""
    assert facts_of([invest("rfc7807_errors", anything=7.0)]) == {}


def test_ranges_are_drawn() -> None:
    """A range gives each world its own value, a number does not."""
    rng = np.random.default_rng(1)
    assert np.ptp(sampled((1.0, 2.0, 3.0), rng, 100)) > 0.5
    assert sampled(2.0, rng, 100) == 2.0


def test_numbers_and_ranges_alike() -> None:
    """One number is a range that holds only it."""
    assert (three_of(2), three_of((1, 2, 3))) == ((2.0, 2.0, 2.0), (1.0, 2.0, 3.0))
    assert (mean_of(2), mean_of((1, 2, 9))) == (2.0, 3.0)
    assert (written(2.0), written((1, 2.5, 9))) == ("2", "[1, 2.5, 9]")
