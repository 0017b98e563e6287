"""Which of the varied keys moves the answer."""

from dataclasses import replace
from typing import Any

import pytest

from capacity.estimate import Estimate
from capacity.report.several.summary import Summary
from capacity.report.several.variants import compared, moves, refused, told, without_same


def a_row(needed: int, missed: float = 0.0, status: str = "READY", **parts: Any) -> Summary:
    """Row of a variant."""
    return Summary("shop", status, status, "", running=2, needed=needed, probability_missed=missed, **parts)


GRID = [
    ({"days": 90, "risk": 0.05}, a_row(2, 0.1)),
    ({"days": 90, "risk": 0.01}, a_row(3, 0.1)),
    ({"days": 360, "risk": 0.05}, a_row(5, 0.3, "NOT READY")),
    ({"days": 360, "risk": 0.01}, a_row(6, 0.3, "NOT READY")),
]


def test_a_key_moves_what_differs_while_the_others_stay() -> None:
    """The one that moves most is first: the verdict, then instances, then the chance."""
    frame = moves(GRID).set_index("key")
    assert list(frame.index) == ["days", "risk"]
    assert frame.loc["days", ["needed", "verdicts"]].tolist() == [3, "READY, NOT READY"]
    assert frame.loc["days", "probability_missed"] == pytest.approx(0.2)
    assert frame.loc["risk", ["needed", "probability_missed", "verdicts"]].tolist() == [1, 0.0, "unchanged"]
    assert frame.loc["days", "peak"] is None


def test_a_variant_without_an_answer_moves_nothing() -> None:
    """It is left out of every pair."""
    rows = [*GRID[:1], ({"days": -1, "risk": 0.05}, Summary.none("2", "why"))]
    assert moves(rows)["needed"].tolist() == [None, None]


def test_the_sentence_names_what_moves_most() -> None:
    """Or says that nothing does."""
    assert told(GRID, moves(GRID)) == [
        "4 variants of 2 keys.",
        "days moves the answer most: the verdict is READY or NOT READY; the instances needed differ by up to 3; "
        "the chance to miss the objectives by up to 20 points.",
    ]
    same = [({"days": days}, a_row(2)) for days in (1, 2)]
    assert told(same, moves(same))[1].startswith("None of them moves")


def test_what_is_the_same_everywhere_is_told_once() -> None:
    """And takes no column."""
    peak = Estimate(100.0, 90.0, 110.0, "req/s", "m", "assumed")
    rows = [({"days": days}, a_row(days, missed=days / 10, peak=peak)) for days in (1, 2)]
    frame, text = without_same(compared(rows, ["1", "2"]))
    assert list(frame.columns) == ["variant", "days", "verdict", "instances", "probability_missed"]
    assert text == "The same in every variant that has an answer: peak [req/s] 100 (90 to 110)."


def test_values_are_shown_as_they_are_written() -> None:
    """Lists and words too."""
    rows = [({"a": [0.01, 0.02], "b": "random"}, a_row(1))]
    assert compared(rows, ["1"]).iloc[0].tolist()[:3] == ["1", "[0.01, 0.02]", "random"]


def test_variants_refused_for_one_reason_are_told_together() -> None:
    """Two hundred of them are not two hundred sentences."""
    rows = [({"a": n}, Summary.none("x", why)) for n, why in enumerate(["low", "low", "high"])]
    assert refused(rows, ["1", "2", "3"]) == [
        "Refused: variants 1, 2, for low",
        "Refused: variant 3, for high",
    ]


def test_a_value_with_which_no_number_will_do_moves_the_answer() -> None:
    """Known without and unknown with it is a change, and the first to be told; no column of it is "the same"."""
    rows = [({"peak": 100}, a_row(2, rent_needed=100.0)), ({"peak": 3000}, replace(a_row(2), needed=None))]
    assert told(rows, moves(rows))[1] == (
        "peak moves the answer most: with some values no number of instances is known to do."
    )
    frame, _ = without_same(compared(rows, ["1", "2"]))
    assert "rent_needed" in frame.columns
