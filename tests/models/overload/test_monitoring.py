"""How long until a failure is noticed. Numbers from the test vectors of levers.md."""

import math

import numpy as np
import pytest

from capacity.errors import DomainError
from capacity.models.overload.monitoring import (
    burn_rate_detection,
    false_ejections,
    first_event_seconds,
    log_volume,
    probe_detection,
)


def test_probes():
    """H1: three failures 10 s apart, the last after 5 s."""
    assert probe_detection(10, 3, 5) == 35


@pytest.mark.parametrize(("threshold", "times"), [(3, 3.122), (2, 312.2)])
def test_false_ejections(threshold, times):
    """H3 and L6: 3.1 a year at a threshold of three, 312 at two."""
    assert false_ejections(10, threshold, 0.01) == pytest.approx(times, rel=1e-3)


def test_false_ejections_counted():
    """Runs of failures in a long series of probes, each counted when it gets long enough."""
    rng = np.random.default_rng(1)
    failed = rng.random(2_000_000) < 0.2
    runs = failed[1:-2] & failed[2:-1] & failed[3:] & ~failed[:-3]
    expected = false_ejections(1.0, 3, 0.2) * failed.size / 31_536_000
    assert runs.sum() == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("errors", "minutes"), [(1.0, 0.864), (0.1, 8.64), (0.02, 43.2)])
def test_burn_rate_alerts(errors, minutes):
    """O1, O2 and L7: a burn of 14.4 over an hour at 99.9%."""
    assert burn_rate_detection(0.999, 14.4, 3600, errors) / 60 == pytest.approx(minutes)


def test_an_alert_spends_its_share_of_the_budget():
    """14.4 over one hour has spent 2% of the budget of 30 days, however many errors there are."""
    for errors in (0.02, 0.3, 1.0):
        spent = errors * burn_rate_detection(0.999, 14.4, 3600, errors)
        assert spent == pytest.approx(0.02 * 0.001 * 30 * 86_400)


def test_an_alert_that_never_fires():
    """Errors below the threshold take for ever."""
    assert (
        burn_rate_detection(0.999, 14.4, 3600, np.array([0.0, 0.014, 0.0144]))[:2].tolist() == [math.inf] * 2
    )


def test_the_first_error_recorded():
    """O9: 0.01 errors/s at 10% take 1000 s on average; 45% are there within 10 min."""
    assert first_event_seconds(0.01, 0.1) == 1000
    assert 1 - first_event_seconds(0.01, 0.1, 600) / 1000 == pytest.approx(math.exp(-0.6))


def test_noticed_by_error_or_by_somebody():
    """The mean of the earlier of an exponential time and a fixed one, simulated."""
    rng = np.random.default_rng(2)
    noticed = np.minimum(rng.exponential(1000, 200_000), 600).mean()
    assert first_event_seconds(0.01, 0.1, 600) == pytest.approx(noticed, rel=0.01)
    assert first_event_seconds(0.0, patience=600) == 600


def test_logs_of_a_day():
    """O10: 1 KB at 250 req/s."""
    assert log_volume(250, 1000) == pytest.approx(21.6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: probe_detection(-1, 3), "interval -1"),
        (lambda: probe_detection(1, 0), "threshold 0"),
        (lambda: false_ejections(0, 3, 0.1), "interval 0"),
        (lambda: burn_rate_detection(1.1, 14.4, 3600, 1), r"objective 1\.1"),
        (lambda: first_event_seconds(0.0), "nobody ever notices"),
        (lambda: first_event_seconds(1.0, 1.5), r"sampling 1\.5"),
        (lambda: log_volume(-1, 1), "request rate -1"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    """Each refusal names the quantity and the value."""
    with pytest.raises(DomainError, match=message):
        call()
