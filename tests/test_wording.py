"""How one value is written."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from capacity.estimate import Estimate
from capacity.wording import KINDS, VOCABULARY, heading, is_missing, percent, plain, visible


def measured(value: float | None, low: float, high: float, unit: str = "s") -> Estimate:
    """Estimate of no particular method."""
    return Estimate(value, low, high, unit=unit, method="test", provenance="measured")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("GET /cart", "GET /cart"),
        ("a\x1b[31mred", "a[31mred"),
        ("a\u202egpj.exe\u2069", "agpj.exe"),
        ("a\nb\tc\u2028d", "a b c d"),
        ("nul\0byte", "nulbyte"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("no \uffff character \ufdd0\U0001fffe", "no \ufffd character \ufffd\ufffd"),
        ("next\x85line", "next line"),
        ("e" + "\u0301" * 60 + "f" + "\u0301\u200b" * 60, "e" + "\u0301" * 4 + "f" + "\u0301" * 4),
        ("\u200b" * 1000 + " " * 1000 + "late", "late"),
        ("<script>", "<script>"),
        ("日本語 ünï", "日本語 ünï"),
        (None, "None"),
    ],
)
def test_text_from_outside_becomes_visible_text(raw: object, shown: str) -> None:
    """What cannot be seen or would turn the line goes; everything else stays."""
    assert visible(raw) == shown


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.05, "5%"), (0.001, "0.1%"), (0.125, "12.5%"), (0.1 + 0.2, "30%"), (0.99999, "99.999%"), (0.0, "0%")],
)
def test_a_stated_share_keeps_its_digits(share: float, text: str) -> None:
    """A risk of one in a thousand is not none, and what floats add is not shown."""
    assert percent(share) == text


def test_long_text_ends_in_an_ellipsis() -> None:
    """A name of a megabyte takes sixty characters, at once."""
    assert visible("x" * 1_000_000) == "x" * 59 + "…"
    assert visible("x" * 100, None) == "x" * 100


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.0461, "p95", "46.1"),
        (0.4242, "p99", "424.2"),
        (1.2345, "p99", "1,234.5"),
        (0.00004, "mean", "0.04"),
        (0.0, "error_rate", "0"),
        (0.0125, "error_rate", "1.2"),
        (0.00042, "error_rate", "0.042"),
        (1.0, "error_rate", "100.0"),
        (0.9995, "availability", "99.95"),
        (0.99999, "availability", "99.999"),
        (298.04, "throughput", "298"),
        (41.234, "throughput", "41.2"),
        (1234567, "requests", "1,234,567"),
        (np.int64(3), "instances", "3"),
        (-1500.0, "npv", "−1,500"),
        (12.5, "cost", "12.50"),
        (4_200_000, "size", "4.2 MB"),
        (math.inf, "runway", "∞"),
        (-math.inf, "npv", "−∞"),
        (True, "steady", "yes"),
        (np.bool_(False), "steady", "no"),
        (np.bool_(True), None, "yes"),
        ("a" * 64, "sha256", "a" * 12),
        (dt.date(2027, 3, 1), "date", "2027-03-01"),
        (
            dt.datetime(2027, 3, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))),
            "time",
            "2027-02-28 23:00:00",
        ),
        (pd.Timestamp("2027-03-01T10:00Z"), "date", "2027-03-01"),
        ("soon", "date", "soon"),
        ("high", "p95", "high"),
        ({"p95": 0.3, "name": "a\0b"}, "evidence", "p95 = 0.3; name = ab"),
        (2.5, None, "2.5"),
        (1e6, "unheard of", "1,000,000"),
    ],
)
def test_each_kind_of_value_is_written_as_its_column_says(value: object, column: str, text: str) -> None:
    """Seconds become ms, fractions percent; digits follow the kind."""
    assert plain(value, column) == text


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT, np.float64("nan")])
def test_a_missing_value_is_a_dash(nothing: object) -> None:
    """Absent is absent, never zero."""
    assert is_missing(nothing)
    assert plain(nothing, "p95") == "–"


@pytest.mark.parametrize(
    ("estimate", "column", "text"),
    [
        (measured(298, 294, 303, "req/s"), "saturation_throughput", "298 (294 to 303)"),
        (measured(298, 294, 303, "req/s"), "value", "298 req/s (294 to 303)"),
        (measured(0.25, 0.2, 0.3), "p95", "250 (200 to 300)"),
        (measured(0.25, 0.2, 0.3), "value", "250 ms (200 to 300)"),
        (measured(25, 20, 30), "value", "25 s (20 to 30)"),
        (measured(0.02, 0.01, 0.03, ""), "error_rate", "2.0 (1.0 to 3.0)"),
        (measured(None, 180, math.inf, "req/s"), "goodput", "at least 180"),
        (measured(None, 0, 180, "req/s"), "goodput", "at most 180"),
        (measured(None, 0.1, 0.2), "recovery", "100 to 200 ms"),
        (measured(3, 3, 3, "instances"), "instances", "3 instances"),
        (measured(-5, -10, 5, "EUR"), "npv", "EUR −5 (−10 to 5)"),
    ],
)
def test_an_estimate_prints_its_interval_in_the_units_of_its_column(
    estimate: Estimate, column: str, text: str
) -> None:
    """The unit is said once: in the heading when it is there, else after the value."""
    assert plain(estimate, column) == text


def test_a_heading_has_its_unit() -> None:
    """Words come from the vocabulary; an unknown column is shown by its own name."""
    assert heading("p95") == "P95 [ms]"
    assert heading("requests") == "requests"
    assert heading("odd_\x1bname") == "odd name"


def test_every_column_has_a_kind_that_exists() -> None:
    """The vocabulary is closed."""
    assert {kind for _, kind in VOCABULARY.values()} <= set(KINDS)
