"""Traffic histories from a Prometheus range query."""

import json
from pathlib import Path

import numpy as np
import pytest

from capacity.errors import InputError
from capacity.planning.demand.traffic import read_history


def write(folder: Path, *series: list, **document: object) -> Path:
    """Write an answer of query_range."""
    result = [{"metric": {"pod": f"<b>{i}"}, "values": values} for i, values in enumerate(series)]
    path = folder / "traffic.json"
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}, **document}
    path.write_text(json.dumps(answer))
    return path


def hours(rate: float, count: int = 48, start: int = 0) -> list:
    """Hourly values, as Prometheus writes them: numbers as text."""
    return [[start + 3600 * i, str(rate + i % 24)] for i in range(count)]


def test_values_are_rates(tmp_path: Path) -> None:
    """Rates stay rates: nothing is divided by the step."""
    history = read_history(write(tmp_path, hours(50)))
    assert history.step == 3600
    assert history.daily_peak.tolist() == [73.0, 73.0]
    assert any("requests per second" in note for note in history.notes)


def test_series_are_added_up(tmp_path: Path) -> None:
    """Two pods with 50 and 70 req/s at the start are 120 together, and it is told."""
    history = read_history(write(tmp_path, hours(50), hours(70)))
    assert history.rates.iloc[0] == 120
    assert any("2 series were added up" in note for note in history.notes)


def test_the_order_of_series_does_not_matter(tmp_path: Path) -> None:
    """The sum over series is the same whichever comes first."""
    first = read_history(write(tmp_path, hours(50), hours(70))).rates
    second = read_history(write(tmp_path, hours(70), hours(50))).rates
    np.testing.assert_array_equal(first, second)


def test_values_without_a_number_are_left_out_and_told(tmp_path: Path) -> None:
    """NaN is what Prometheus writes where a rate is not known."""
    values = hours(50)
    values[3][1] = "NaN"
    history = read_history(write(tmp_path, values))
    assert len(history.rates) == 47
    assert any("1 values without a number" in note for note in history.notes)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([0, "-1"], r"data.result\[0\].values\[0\]: value '-1' is no rate"),
        ([0, "+Inf"], "value '\\+Inf' is no rate"),
        ([0, "many"], "value 'many' is no rate"),
        ([0, None], "value 'None' is no rate"),
        (["0", "1"], r"is no \[seconds, value\]"),
        ([1e14, "1"], r"is no \[seconds, value\]"),
        ([0], r"is no \[seconds, value\]"),
        ("<script>", r"is no \[seconds, value\]"),
    ],
)
def test_bad_values_are_refused(tmp_path: Path, value: object, message: str) -> None:
    """Each refusal names the place, the value and what to do."""
    with pytest.raises(InputError, match=message):
        read_history(write(tmp_path, [value, *hours(50)[1:]]))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"status": "error", "error": "query timed out"}, "no answer to a query .'query timed out'"),
        ({"data": {"resultType": "vector", "result": []}}, "result of type 'vector', a matrix is needed"),
        ({"data": {"resultType": "matrix", "result": []}}, "holds no series"),
        ({"data": []}, "result of type 'None'"),
        ({"data": {"resultType": "matrix", "result": [{"metric": {}}]}}, "has no list of values"),
    ],
)
def test_other_answers_are_refused(tmp_path: Path, document: dict, message: str) -> None:
    """An error, an instant query and an empty one are told apart, with the query that would do."""
    with pytest.raises(InputError, match=message):
        read_history(write(tmp_path, hours(50), **document))


def test_cut_json_is_refused(tmp_path: Path) -> None:
    """Half a file is no file."""
    path = write(tmp_path, hours(50))
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError, match="is no JSON"):
        read_history(path)


def test_a_counter_is_refused(tmp_path: Path) -> None:
    """A running total never falls; it is not a rate."""
    with pytest.raises(InputError, match="like a running counter"):
        read_history(write(tmp_path, [[3600 * i, str(100 * i)] for i in range(100)]))


def test_uneven_times_are_refused_with_their_place(tmp_path: Path) -> None:
    """A time off the step is named where it stands."""
    values = hours(50)
    values[5][0] += 700
    with pytest.raises(InputError, match=r"values\[5\]: timestamp .* not a multiple of the step 3600 s"):
        read_history(write(tmp_path, values))


def test_warnings_are_passed_on(tmp_path: Path) -> None:
    """A partial answer says so in the notes of the history."""
    history = read_history(write(tmp_path, hours(50), warnings=["partial <b>response</b>"]))
    assert any("Prometheus warned: partial" in note for note in history.notes)


def test_histogram_buckets_are_refused(tmp_path: Path) -> None:
    """Series by `le` count the same requests over and over."""
    path = write(tmp_path, hours(50))
    path.write_text(path.read_text().replace('"pod"', '"le"'))
    with pytest.raises(InputError, match=r"data.result\[0\]: has the label le .* do not add up"):
        read_history(path)


def test_times_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    """One series cannot have two values at a time: they would be added up."""
    values = hours(50)
    values[5][0] = values[4][0]
    with pytest.raises(InputError, match=r"values\[5\]: time 14400 is not after the one before \(14400\)"):
        read_history(write(tmp_path, values))


def test_a_counter_in_place_of_a_rate_is_refused(tmp_path: Path) -> None:
    """Without rate() the values are a running total, which starts again with each process."""
    values = [[3600 * i, str(5 + i % 50 * 1000)] for i in range(120)]
    with pytest.raises(InputError, match=r"values\[50\]: counts fall 2 times .*in Prometheus: rate"):
        read_history(write(tmp_path, values))


def test_no_traffic_at_all_is_refused(tmp_path: Path) -> None:
    """A query that matches nothing gives zeros; no plan rests on them."""
    with pytest.raises(InputError, match="counts no request in all its 30 buckets"):
        read_history(write(tmp_path, [[3600 * i, "0"] for i in range(30)]))


def test_series_that_are_absent_at_times_are_told(tmp_path: Path) -> None:
    """A pod without values for 24 hours makes the sum smaller there, which may not be less traffic."""
    history = read_history(write(tmp_path, hours(50), hours(70, count=24)))
    assert any(
        "At 24 of 48 times some of them have no value and count as 0" in note for note in history.notes
    )
    whole = read_history(write(tmp_path, hours(50), hours(70)))
    assert not any("count as 0" in note for note in whole.notes)
