"""What a plan file's values are called when they are refused."""

from pathlib import Path

import pytest

from capacity.fields import did_you_mean, no_such_file, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        ("fast", "'fast'"),
        ("\x1b[31m" + "x" * 100, "'[31m" + "x" * 55 + "…'"),
        ([1, "a"], "the list [1, 'a']"),
        ({"a": 1}, "a table of 1 keys"),
        (10**4000, "a number of more than 15 digits"),
    ],
)
def test_what_came_is_shown_on_a_short_line(value: object, text: str) -> None:
    """In the words of a plan file, whatever came."""
    assert shown(value) == text


def test_a_hint_is_given_only_when_a_name_is_near() -> None:
    """A wrong hint is worse than none; a megabyte of name is cut first."""
    assert did_you_mean("p59_ms", ["p95_ms"]) == "; did you mean 'p95_ms'?"
    assert did_you_mean("zebra", ["p95_ms"]) == ""
    assert did_you_mean("p" * 1_000_000, ["p95_ms"]) == ""


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    """Also when the folder is missing, or the name is none."""
    (tmp_path / "stress.json").write_text("")
    assert no_such_file(tmp_path / "stres.json").endswith("a file that exists; did you mean 'stress.json'?")
    assert no_such_file(tmp_path / "none" / "x").endswith("a file that exists")
    assert no_such_file(tmp_path / "nul\0").endswith("a file that exists")
