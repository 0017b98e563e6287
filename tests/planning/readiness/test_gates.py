"""Each gate that tests decide: what it finds, and what it says when it does not pass."""

from types import SimpleNamespace as Make

import pytest

from capacity.errors import DomainError
from capacity.planning.readiness import gates


@pytest.mark.parametrize(
    ("tier", "text"), [(0, "tier 0; allowed: 1, 2 or 3"), (4, "tier 4; allowed: 1, 2 or 3")]
)
def test_no_other_tier(make: Make, tier: int, text: str) -> None:
    """There are three tiers."""
    with pytest.raises(DomainError, match=text):
        make.known(tier=tier)


def test_a_fleet_is_some_part_of_what_was_tested(make: Make) -> None:
    """A fleet without capacity is refused."""
    with pytest.raises(DomainError, match="a fleet of 0 times what was tested"):
        make.known(fleet_factor=0.0)


@pytest.mark.parametrize(
    ("retries", "safe"),
    # SRE book, ch. 22: a capacity of 300 req/s, with a retry budget of 10% and with two retries on every failure
    [(None, 272.7), (1.2, 250.0), (3.0, 100.0)],
)
def test_metastable_safe_load(make: Make, retries: float | None, safe: float) -> None:
    """Saturation over attempts: of the calls stated, else of the policy's budget of 10%."""
    today = retries and make.evaluation(capacity=300.0, metastable_safe_load=300.0 / retries)
    known = make.known(
        capacity=make.capacity(make.rate(250.0), make.rate(300.0)), fleet_factor=1.0, today=today
    )
    assert known.metastable_safe.value == pytest.approx(safe, rel=1e-3)


def test_calls_nobody_states_are_bounded_by_the_policy(make: Make) -> None:
    """Who states no calls is taken to keep the policy's budget; who states that none is repeated, to repeat none."""
    silent = make.evaluation(capacity=400.0, metastable_safe_load=400.0, system=Make(calls=()))
    never = make.evaluation(capacity=400.0, metastable_safe_load=400.0)
    assert [make.known(today=today).amplification for today in (silent, never)] == [1.1, 1.0]


def test_the_margin_is_that_of_the_fleet(make: Make) -> None:
    """Twice the fleet has twice the margin."""
    one, two = (make.known(fleet_factor=factor).metastable_safe.value for factor in (1.0, 2.0))
    assert two == pytest.approx(2 * one)


def test_the_margin_says_what_a_budget_would_make_safe(make: Make) -> None:
    """With unbounded retries both loads are told: the honest one, and that with the policy's budget."""
    today = make.evaluation(capacity=400.0, metastable_safe_load=400.0 / 3)
    gate = gates.metastable(make.known(today=today))
    assert gate.status == "fail"
    assert gate.lever == "retries"
    assert "against 147 req/s (143 to 150), at up to 3 attempts a request" in gate.measured
    assert gate.measured.endswith("with a retry budget of 10% against 400 req/s (390 to 410)")


@pytest.mark.parametrize(("stated", "text"), [(0.001, "0.1%"), (0.125, "12.5%")])
def test_a_stated_share_is_not_rounded_to_another(make: Make, stated: float, text: str) -> None:
    """An accepted risk of one in a thousand is not none, and a budget of one in eight not twelve in a hundred."""
    from dataclasses import replace

    known = make.known()
    risky = replace(known, policy=replace(known.policy, risk=stated))
    assert f"probability of at most {text}" in gates.demand(risky).requirement
    today = make.evaluation(capacity=400.0, metastable_safe_load=400.0 / 3)
    budget = replace(make.known(today=today), policy=replace(known.policy, retry_budget=stated))
    assert f"with a retry budget of {text} against" in gates.metastable(budget).measured


def test_beyond_a_kept_budget_only_a_limit_helps(make: Make) -> None:
    """Who keeps the budget already is told to refuse what is too much."""
    gate = gates.metastable(make.known(demand=make.peaks(500.0)))
    assert (gate.status, gate.lever) == ("fail", "rate_limit")


def test_criteria_are_counted_and_told(make: Make) -> None:
    """The overload gate says how many of the five are met, and what was found of those that are not."""
    gate = gates.overload(make.known(resilience=make.resilience(refusals="fail", hysteresis="unknown")))
    assert gate.measured == (
        "3 of 5 criteria met; not met: refusals (refusals found); not known: hysteresis (hysteresis found)"
    )
    assert gate.evidence == "spike"


def test_evidence_tells_the_remedy_of_the_finding(make: Make) -> None:
    """Not "mend it", but what the finding says is to be done."""
    gate = gates.evidence(make.known(findings=make.voided()))
    assert (gate.measured, gate.remedy) == ("It ran out of ports.", "Widen the range.")


@pytest.mark.parametrize(("bad", "status"), [(0, "pass"), (5, "pass"), (6, "fail"), (100, "fail")])
def test_the_accepted_risk_is_the_edge(make: Make, bad: int, status: str) -> None:
    """So many of a hundred worlds above what is safe: five pass at a risk of 5%, six do not."""
    demand = make.peaks(*[900.0] * bad, *[300.0] * (100 - bad))
    known = make.known(demand=demand, fleet=make.fleet(make.rate(200.0, 5.0), demand, 2))
    assert gates.demand(known).status == status
    assert gates.metastable(known).status == status


def test_a_demand_no_fleet_meets_needs_no_more_instances(make: Make) -> None:
    """Where no fleet is large enough the gate does not ask for instances."""
    from dataclasses import replace

    known = make.known()
    gate = gates.fleet(make.known(fleet=replace(known.fleet, recommended=None)))
    assert gate.status == "fail"
    assert "more of them will not do" in gate.remedy


@pytest.mark.parametrize("share", [0.0, 0.001, 0.05, 0.5, 0.999, 1.0])
def test_a_chance_is_never_nothing_and_never_certain(share: float) -> None:
    """Sampled worlds show no more than one in a thousand."""
    assert gates.chance(share) not in {"0.0%", "100.0%"}
