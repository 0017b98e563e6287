"""The one error."""

import pickle

import pytest

from artillery_results_parser import ArtilleryError
from artillery_results_parser.errors import printable, shown


def test_message_is_one_clean_line():
    """File, place and message make one line without control or direction characters."""
    error = ArtilleryError("bad\nvalue \x1b[2J\u202e", file="a\r.json", place="x['\x00']")
    assert str(error) == "a\ufffd.json: x['\ufffd']: bad\ufffdvalue \ufffd[2J\ufffd"
    assert (error.file, error.place) == ("a\r.json", "x['\x00']")


def test_is_a_value_error():
    """Callers that know nothing of the package can catch it."""
    assert issubclass(ArtilleryError, ValueError)


def test_travels_between_processes():
    """Pickling keeps file, place and message."""
    error = pickle.loads(pickle.dumps(ArtilleryError("x", file="f", place="p")))  # noqa: S301 - our own bytes
    assert (str(error), error.file, error.place) == ("f: p: x", "f", "p")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("x", "'x'"),
        ({"a": 1}, "an object"),
        (10**400, "a number of more than 60 digits"),
        ([1], "[1]"),
    ],
)
def test_values_are_quoted_short(value, text):
    """Whatever came is quoted in a few characters."""
    assert shown(value) == text
    assert len(shown("x" * 10**6)) == 60
    assert len(shown([["x" * 10**5] * 9])) == 60


def test_printable_keeps_text():
    """Ordinary text of any script passes."""
    assert printable("Solicitud básica 接口 🎉 ") == "Solicitud básica 接口 🎉 "


def test_printable_leaves_nothing_unseen():
    """Soft hyphens, tags, other marks without a shape and what is no character at all are replaced."""
    assert printable("a\xad\u180e\u206a\ufdd0\ufff9\uffff\U000e0041b") == f"a{chr(0xFFFD) * 7}b"
