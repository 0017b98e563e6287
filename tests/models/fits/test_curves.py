"""The curves say what the laws say."""

import numpy as np
import pytest

from capacity.models.fits.curves import (
    ResponseCurve,
    ThroughputCurve,
    peak_of,
    response_time_of,
    scaled,
    slope_of_scale,
    throughput_of,
    unscaled,
)
from capacity.models.scalability import Usl

LAW = Usl(1000, 0.03, 0.0005)
PARTS = np.array([[0.97, 0.03, 0.0005]]) / 1000


def test_parts_are_the_law():
    """R, X and the peak of the parts (1 - α, α, β) / γ are those of the law."""
    rates = np.array([1000.0, 8000, 13000])
    times = [LAW.concurrency_at(rate) / rate for rate in rates]
    assert response_time_of(PARTS, rates)[0] == pytest.approx(times, rel=1e-9)
    assert throughput_of(PARTS, np.array([7.0]))[0, 0] == pytest.approx(LAW.throughput_at(7.0))
    place, rate = peak_of(PARTS)
    assert (place[0], rate[0]) == (pytest.approx(LAW.peak_concurrency), pytest.approx(LAW.peak_throughput))


def test_no_coherency_is_no_peak():
    """Without coherency the peak is at infinity, its throughput the limit γ / α."""
    place, rate = peak_of(np.array([[0.97, 0.03, 0.0]]) / 1000)
    assert place[0] == np.inf
    assert rate[0] == pytest.approx(1000 / 0.03)


def test_parameters_and_parts_are_inverse():
    """From parts to the parameters of a curve and back."""
    curve = ResponseCurve(np.linspace(1000.0, 13000, 8), 3, "relative", np.ones(8))
    assert curve.parts(curve.parameters_of(PARTS)) == pytest.approx(PARTS, rel=1e-9)
    closed = ThroughputCurve(np.arange(1.0, 9), 2, "relative", np.ones(8))
    assert closed.parts(closed.parameters_of(PARTS)) == pytest.approx(PARTS * [[1, 1, 0]])


def test_no_parameters_put_the_peak_below_the_test():
    """Whatever ω and κ, the highest tested throughput is reached; κ = 1 peaks exactly there."""
    curve = ResponseCurve(np.linspace(1000.0, 13000, 8), 3, "relative", np.ones(8))
    rng = np.random.default_rng(1)
    at = np.column_stack([rng.uniform(0.1, 6, 500), rng.uniform(0, 0.99, 500), rng.uniform(0, 1, 500)])
    assert (peak_of(curve.parts(at))[1] >= 13000 * (1 - 1e-12)).all()
    at[:, 2] = 1
    assert peak_of(curve.parts(at))[1] == pytest.approx(np.full(500, 13000.0))


@pytest.mark.parametrize("noise", ["relative", "absolute", "queueing"])
def test_scales_have_inverses_and_slopes(noise):
    """Each scale of the residuals can be undone, and its slope is its derivative."""
    times = np.array([0.01, 0.2, 3.0])
    assert unscaled(scaled(times, noise), noise) == pytest.approx(times)
    numeric = (scaled(times * (1 + 1e-6), noise) - scaled(times * (1 - 1e-6), noise)) / (2e-6 * times)
    assert slope_of_scale(times, noise) == pytest.approx(numeric, rel=1e-6)
