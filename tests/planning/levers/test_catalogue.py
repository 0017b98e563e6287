"""The levers a plan may name."""

import inspect

import pytest

from capacity.errors import UsageError
from capacity.plan import Investment
from capacity.planning.levers.catalogue import FACTS, LEVERS, Lever
from capacity.planning.system.stated import facts_of


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_parameters_are_those_of_the_function(lever: Lever) -> None:
    """Every keyword of the function is a parameter of the plan, and required where it has no default."""
    keywords = list(inspect.signature(lever.apply).parameters.values())[1:]
    needed = {item.name: item.required and not item.unless for item in lever.parameters}
    assert needed == {keyword.name: keyword.default is keyword.empty for keyword in keywords}


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_every_lever_states_harm_and_source(lever: Lever) -> None:
    """A catalogue with no downside is not believed."""
    assert lever.harm.endswith(".")
    assert "References" in (lever.apply.__doc__ or "")


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_no_name_is_both_fact_and_parameter(lever: Lever) -> None:
    """What describes today and what describes the work never share a name."""
    assert not {parameter.name for parameter in lever.parameters} & set(FACTS)


def test_missing_parameters_are_named_with_unit() -> None:
    """The list says what to state, in which unit."""
    missing = LEVERS["caching"].missing({"database_cores": 8}, {})
    assert [str(parameter).split(" (")[0] for parameter in missing] == [
        "query_ms [ms]",
        "hit_ratio [fraction]",
    ]


def test_predecessors_have_models() -> None:
    """A lever can only require one that exists."""
    assert all(name in LEVERS for lever in LEVERS.values() for name in lever.requires)


def test_every_lever_named_is_there() -> None:
    """The systems of the readiness assessment, each a lever."""
    assert list(LEVERS) == [
        "connection_pool", "retries", "rate_limit", "blue_green", "horizontal_scaling", "autoscaling", "health_checks",
        "metrics", "apm", "tracing", "error_monitoring", "caching", "failover", "multi_stage_images",
        "websocket_reconnects", "security_hardening", "load_tests",
    ]  # fmt: skip


def test_a_size_stands_in_for_a_hit_ratio() -> None:
    """Of what stands in for each other one is enough."""
    named = [item.name for item in LEVERS["caching"].missing(None, {"objects": 100})]
    assert named == []
    assert [item.name for item in LEVERS["caching"].missing(None, {})] == ["hit_ratio"]


def test_a_gate_and_what_is_worth_knowing_claim_no_change() -> None:
    """Security and load tests are worth something else than a change of the system."""
    kinds = {name: lever.kind for name, lever in LEVERS.items() if lever.kind != "change"}
    assert kinds == {"security_hardening": "gate", "load_tests": "information"}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact_means_the_same_everywhere(name: str) -> None:
    """One unit, one range, one meaning, whichever lever asks for it."""
    said = {
        (fact.unit, fact.low, fact.high, fact.meaning)
        for lever in LEVERS.values()
        for fact in lever.facts
        if fact.name == name
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("lever", "name", "value"), [("metrics", "objective", 1.0), ("health_checks", "probe_failure", 1.0)]
)
def test_a_limit_at_which_the_model_says_nothing_is_refused(lever: str, name: str, value: float) -> None:
    """No error is allowed, so that any alert is instant; every probe fails, so that none is a false one."""
    investment = Investment(lever=lever, hours=(1, 1, 1), parameters={name: value})
    with pytest.raises(UsageError, match=f"{name} = 1; allowed: 0 to 0"):
        facts_of([investment])
