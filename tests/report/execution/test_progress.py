"""How far a run is."""

import io
import sys

import pytest

from capacity.report.execution.progress import Bar, Clock, Lines, progress
from capacity.report.execution.running import Run

RUN = Run("02-capacity", "complete", 1.24)


def clock(*times: float, at_once: int = 1) -> Clock:
    """A clock that was started at zero and is asked at these times."""
    left = iter([0.0, *times])
    return Clock(at_once, lambda: next(left))


def test_what_is_worked_on_at_the_same_time_counts_half() -> None:
    """When the first of two ends, the second is about to; the last one alone is begun."""
    two = clock(30.0, 100.0, at_once=2)
    assert two.left(RUN, 1, 8) == "about 2 min left"
    assert two.left(RUN, 7, 8) == "about 20 s left"


def test_plain_lines_tell_what_ended_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    """One a piece; the last one has nothing left."""
    lines = Lines(clock(10.0, 20.0))
    lines(RUN, 1, 2)
    lines(Run("03-resilience", "failed", 9.0), 2, 2)
    assert capsys.readouterr().err == (
        "1 of 2: 02-capacity complete, 1.2 s; about 10 s left\n2 of 2: 03-resilience failed, 9.0 s\n"
    )


def test_what_was_recalled_sets_no_pace(capsys: pytest.CaptureFixture[str]) -> None:
    """Five recalled at once do not promise that the rest takes no time."""
    lines = Lines(clock(30.0))
    lines(Run("01-evidence", "complete", 0.0, unchanged=True), 1, 3)
    lines(RUN, 2, 3)
    assert capsys.readouterr().err == (
        "1 of 3: 01-evidence unchanged\n2 of 3: 02-capacity complete, 1.2 s; about 30 s left\n"
    )


@pytest.mark.parametrize(("tty", "kind"), [(True, Bar), (False, Lines)])
def test_a_bar_is_for_terminals(monkeypatch: pytest.MonkeyPatch, tty: bool, kind: type) -> None:
    """Logs stay readable."""
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: tty)
    monkeypatch.setattr(sys, "stderr", stream)
    assert isinstance(progress(), kind)


def test_a_bar_shows_the_time_left_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it stays when all is done."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    bar = Bar(clock(10.0, 20.0))
    bar(RUN, 1, 2)
    assert "02-capacity" in stream.getvalue()
    assert "1 of 2, about 10 s left" in stream.getvalue()
    bar(RUN, 2, 2)
    assert stream.getvalue().endswith("\r")
