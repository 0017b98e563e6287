"""The levers a plan may name."""

import inspect

import pytest

from capacity.planning.catalogue import FACTS, LEVERS, Lever


@pytest.mark.parametrize("lever", LEVERS.values(), ids=LEVERS)
def test_parameters_are_those_of_the_function(lever: Lever) -> None:
    """Every keyword of the function is a parameter of the plan, and required where it has no default."""
    keywords = list(inspect.signature(lever.apply).parameters.values())[1:]
    assert {parameter.name: parameter.required for parameter in lever.parameters} == {
        keyword.name: keyword.default is keyword.empty for keyword in keywords
    }


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
