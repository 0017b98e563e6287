"""Errors: what the command line prints, and the code it exits with."""

import pytest

from capacity.errors import (
    CapacityError,
    DomainError,
    InputError,
    NotIdentified,
    Unstable,
    UsageError,
    told,
    worst,
)
from capacity.report.folder import Busy


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CapacityError("x"), 1),
        (UsageError("x"), 2),
        (InputError("x"), 3),
        (DomainError("x"), 3),
        (NotIdentified("x"), 3),
    ],
)
def test_exit_codes(error, code):
    """Usage is 2, data is 3; all are one family."""
    assert error.exit_code == code
    assert isinstance(error, CapacityError)


def test_input_error_names_file_and_place():
    """File and place come before what is wrong."""
    error = InputError("p95 below p50", file="run.json", place="intermediate[3]")
    assert str(error) == "run.json: intermediate[3]: p95 below p50"
    assert (error.file, error.place) == ("run.json", "intermediate[3]")
    assert str(InputError("empty")) == "empty"


@pytest.mark.parametrize(("arrival_rate", "needed"), [(1200, 13), (1000, 11), (1999, 20)])
def test_unstable_says_how_many_servers_would_do(arrival_rate, needed):
    """The fewest servers whose utilization is below one, with the numbers that led there."""
    error = Unstable(arrival_rate, 100, 10)
    assert error.servers_needed == needed
    assert f"arrival rate {arrival_rate} req/s is not below the capacity of 10 servers (1000 req/s" in str(
        error
    )
    assert f"at least {needed} servers" in str(error)


def test_domain_errors_are_value_errors():
    """Code that knows nothing of this package can catch them as what they are."""
    with pytest.raises(ValueError, match="outside"):
        raise DomainError("outside")


@pytest.mark.parametrize(
    ("problem", "reason", "code"),
    [
        (InputError("cut off", file="a.json"), "a.json: cut off", 3),
        (Busy("in use"), "in use", 75),
        (OSError(28, "No space left on device", "report"), "report: No space left on device", 74),
        (OSError("odd"), "file system: odd", 74),
        (KeyError("x"), "fault in capacity, please report it: KeyError: 'x'", 1),
    ],
)
def test_every_problem_has_one_name_and_one_code(problem, reason, code):
    """Whoever tells it: the command line, a comparison or a process of its own."""
    assert told(problem) == (reason, code)


@pytest.mark.parametrize(
    ("codes", "code"), [([0, 0], 0), ([0, 2, 3], 3), ([3, 74, 75], 75), ([75, 1], 1), ([1, 5, 6, 0], 6)]
)
def test_the_worst_of_many_decides(codes, code):
    """A dead kernel before a time-out, a fault before what was refused, anything before success."""
    assert worst(codes) == code
