"""How an order and a selection read."""

from dataclasses import replace

import pytest

from capacity.planning.portfolio.chosen import Order, Selection

ORDER = Order(("blue_green", "apm"), 2916.88, "exact")
SELECTION = Selection(("apm",), 6.0, 30.0, 35_400.0, "exact", 6.0, "USD")


@pytest.mark.parametrize(
    ("method", "start"),
    [
        ("exact", "The cheapest order: blue-green, APM; while it is done 2,917 are lost."),
        ("greedy", "Largest saving per hour next (greedy, not proved cheapest): blue-green"),
        ("dearest", "The most expensive order: blue-green"),
        ("given", "As given: blue-green"),
    ],
)
def test_order(method: str, start: str) -> None:
    """How it was found, what it is and what it costs."""
    assert str(replace(ORDER, method=method)).startswith(start)


def test_selection() -> None:
    """What fits and what it saves, with the unit; greedily found says so."""
    assert str(SELECTION) == "Within 30 hours: APM; 6 hours that save USD 35,400 a year."
    assert "filled greedily, not proved best" in replace(SELECTION, method="greedy").text


def test_empty() -> None:
    """Nothing to be done; nothing worth doing; nothing that fits."""
    assert Order((), 0.0, "exact").text == "There is nothing to be done."
    nothing = replace(SELECTION, items=(), hours=0.0, saving=0.0)
    assert nothing.text == "Within 30 hours no work saves anything."
    assert replace(nothing, budget=5.0).text.endswith("the shortest piece takes 6.")


def test_tables() -> None:
    """One row an item."""
    assert ORDER.to_frame()["lever"].tolist() == ["blue_green", "apm"]
    assert SELECTION.to_frame()["lever"].tolist() == ["apm"]
    assert "<table" in ORDER._repr_html_()
    assert "<table" in replace(SELECTION, items=())._repr_html_()
