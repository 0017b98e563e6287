"""What of the evidence places the loads of the next test."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from capacity.errors import DomainError
from capacity.estimate import Estimate
from capacity.evidence.limits import find_limits
from capacity.evidence.objectives import Slo
from capacity.evidence.planned.known import gather
from capacity.evidence.steps import find_steps

SLO = Slo({0.95: 0.15})


@pytest.fixture(scope="module")
def known(station):
    """Gather what one run of a station of 100 req/s shows."""

    def gathered(phases, slo=SLO, service=None, target=0.0):
        test = station.run(station.Station(servers=4, service_time=0.04), phases)
        capacity = find_limits([test], find_steps(test), slo)
        return gather(capacity, service, slo, [test], target)

    return gathered


def rate(value, low, high):
    """Return an estimate of a rate."""
    return Estimate(value, low, high, unit="req/s", method="", provenance="measured")


def test_a_served_load_is_where_to_begin(known) -> None:
    """Never saturated: the highest rate served, no limit, the plateaus held."""
    found = known([(60, 10), (60, 40)])
    assert (found.status, found.limit) == ("at least", None)
    assert found.served == pytest.approx(40, rel=0.05)
    assert found.levels == pytest.approx((10, 40), rel=0.05)
    assert found.reference == found.served


def test_an_overload_tells_what_was_given(known) -> None:
    """At most: the lowest refused, and the goodput to begin below."""
    found = known([(90, 130)])
    assert found.status == "at most"
    assert found.refused == pytest.approx(130, rel=0.02)
    assert found.start == pytest.approx(100, rel=0.05)


def test_the_limit_bounds_the_bracket(known) -> None:
    """No objective is kept beyond the saturation throughput, even where the next load tested is higher."""
    found = known([(60, 20), (60, 60), (60, 140)])
    assert found.status == "established"
    assert found.bracket[1] <= found.limit.high < 120
    assert found.response_time == pytest.approx(0.04, rel=0.15)


def test_without_objectives_there_is_no_bracket(known) -> None:
    """Nothing to narrow but the limit."""
    assert known([(60, 20), (60, 60), (60, 140)], slo=None).bracket is None


def test_the_highest_percentile_decides_how_many_answers(known) -> None:
    """Of several objectives."""
    assert known([(60, 20)], slo=Slo({0.5: 0.1, 0.99: 1.0})).quantile == 0.99


def test_crossings_are_asked_of_the_model_with_room_for_noise(known) -> None:
    """At objectives an eighth tighter, as they are, and an eighth looser: the smallest of each."""
    asked = []

    def slo_capacity(quantiles):
        asked.append(dict(quantiles))
        return {"p95": rate(60.0 + 20 * quantiles[0.95], 50, 90), "p99": rate(90.0, 80, 95)}

    limit = rate(100.0, 98, 102)
    found = known([(60, 20)], service=SimpleNamespace(slo_capacity=slo_capacity, saturation_throughput=limit))
    assert [a[0.95] for a in asked] == pytest.approx([0.15 / 1.12, 0.15, 0.15 * 1.12])
    assert [e.value for e in found.crossings] == pytest.approx([60 + 20 * a[0.95] for a in asked])
    assert found.limit is limit  # the model's, where the tests know none


def test_an_objective_the_model_cannot_meet_leaves_no_crossing(known) -> None:
    """Its refusal is not an error here."""

    def slo_capacity(quantiles):
        raise DomainError("missed even without load")

    service = SimpleNamespace(slo_capacity=slo_capacity, saturation_throughput=rate(100.0, 98, 102))
    assert known([(60, 20)], service=service).crossings == ()


def test_a_generator_that_failed_begins_at_half_of_what_it_sent(station) -> None:
    """Periods in which it failed itself say nothing of what it can send."""
    test = station.run(station.Station(), [(30, 50), (30, 400)])
    failing = pd.DataFrame(
        {"EADDRNOTAVAIL": [0 if rate < 100 else 500 for rate in test.periods["requests"] / 10]}
    )
    capacity = replace(find_limits([], []), status="not established")
    assert gather(capacity, None, None, [replace(test, errors=failing)], 0.0).start == pytest.approx(
        25, rel=0.1
    )
