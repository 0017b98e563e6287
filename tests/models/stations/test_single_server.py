"""M/G/1: means and whole laws against many digits, identities, limits and refusals."""

import math

import mpmath
import numpy as np
import pytest

from capacity.errors import DomainError, Unstable
from capacity.models.distributions import (
    Constant,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
    MixedErlang,
    Pareto,
)
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.queueing import MM1
from capacity.models.stations.single_server import MG1

PHASES = [
    Exponential(0.7),
    Erlang(0.7, 2),
    Erlang(0.7, 9),
    MixedErlang(0.7, 0.4),
    MixedErlang(0.7, 0.93),
    Hyperexponential.balanced(0.7, 4),
    Hyperexponential.balanced(0.7, 60),
    Hyperexponential(0.7, 0.2, 0.1),
]
EVERY = [*PHASES, Constant(0.7), Gamma(0.7, 3), Lognormal(0.7, 2), Pareto(0.7, 3.5), Empirical.of([0.2, 0.9])]


@pytest.mark.parametrize("law", EVERY)
def test_mean_against_fifty_digits(law):
    """W_q = λ E[S²] / (2 (1 - ρ)) to 1e-12, also next to utilization 1."""
    rng = np.random.default_rng(4)
    for spare in np.concatenate([rng.random(150), 10.0 ** -rng.uniform(1, 9, 50)]):
        rate = (1 - spare) / law.mean
        with mpmath.workdps(50):
            mean, arriving = mpmath.mpf(law.mean), mpmath.mpf(rate)
            exact = arriving * mean**2 * (1 + mpmath.mpf(law.scv)) / (2 * (1 - arriving * mean))
        assert MG1(rate, law).waiting_time == pytest.approx(float(exact), rel=1e-12)


def transform(law):
    """Numerator and denominator of the transform of a law of exponential phases, highest power first."""
    if isinstance(law, Hyperexponential):
        first, second = 1 / (mpmath.mpf(law.first) * law.mean), 1 / (mpmath.mpf(law.second) * law.mean)
        share = mpmath.mpf(law.share)
        slope = share * first + (1 - share) * second
        return [slope, first * second], [1, first + second, first * second]
    phases = getattr(law, "phases", 1)
    fewer = mpmath.mpf(getattr(law, "fewer", 0))
    rate = (phases - fewer) / mpmath.mpf(law.mean)
    below = [mpmath.binomial(phases, k) * rate**k for k in range(phases + 1)]
    return [fewer * rate ** (phases - 1), rate**phases], below


def polynomial(*parts):
    """Sum of polynomials, highest power first."""
    size = max(map(len, parts))
    return [
        sum(column) for column in zip(*([0] * (size - len(part)) + list(part) for part in parts), strict=True)
    ]


def value(coefficients, x):
    """Polynomial at a point, highest power first."""
    total = 0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


def exact_survivals(law, rate, t):
    """P(W > t) and P(T > t) by partial fractions of Pollaczek's and Khinchine's transforms."""
    above, below = transform(law)
    rho = rate * mpmath.mpf(law.mean)
    # s - λ + λ B(s) over B's denominator, with the root 0 divided out
    whole = polynomial([*below, 0], [-rate * x for x in below], [rate * x for x in above])[:-1]
    roots = mpmath.polyroots(whole[::-1], maxsteps=500, extraprec=400, asc=True)
    slope = [x * (len(whole) - 1 - k) for k, x in enumerate(whole[:-1])]
    waits = takes = mpmath.mpf(0)
    for root in roots:
        residue = (1 - rho) * mpmath.exp(root * t) / (-root * value(slope, root))
        waits += residue * value(below, root)
        takes += residue * value(above, root)
    return float(mpmath.re(waits)), float(mpmath.re(takes))


@pytest.mark.parametrize("law", PHASES)
@pytest.mark.parametrize("utilization", [0.05, 0.6, 0.95, 0.9999])
def test_survivals_against_fifty_digits(law, utilization):
    """Both survivals have ten digits, from the median to one in 10^12."""
    station = MG1(utilization / law.mean, law)
    with mpmath.workdps(50):
        for q in (0.5, 0.99, 1 - 1e-6, 1 - 1e-12):
            t = station.response_time_quantile(q)
            waits, takes = exact_survivals(law, mpmath.mpf(station.arrival_rate), t)
            assert station.waiting_time_survival(t) == pytest.approx(waits, rel=1e-10)
            assert station.response_time_survival(t) == pytest.approx(takes, rel=1e-10)


# Recomputed elsewhere: exact QBD and uniformisation; M/D/1 by Erlang's series with 120 digits.
PRINTED = [
    (0.95, Constant(1.0), 0.99, 44.9377655083806, 45.9377655083806),
    (0.8, Erlang(1.0, 2), 0.999, 24.5541587789481, 25.6294400593164),
    (0.9, Hyperexponential.balanced(1.0, 9), 0.5, 27.4709346977333, 28.5707845549405),
]


@pytest.mark.parametrize(("rate", "law", "q", "wait", "response"), PRINTED)
def test_quantiles_recomputed_elsewhere(rate, law, q, wait, response):
    """Quantiles of the wait and of the response time to ten digits."""
    station = MG1(rate, law)
    assert station.waiting_time_quantile(q) == pytest.approx(wait, rel=1e-10)
    assert station.response_time_quantile(q) == pytest.approx(response, rel=1e-10)


def test_exponential_service_is_mm1():
    """M/M/1 is the limit, whichever of the ways is taken."""
    exact = MM1(0.85, 1.0)
    for law, allowed in (
        (Exponential(1.0), 1e-12),
        (MixedErlang(1.0, 1 - 1e-9), 1e-8),
        (Hyperexponential.balanced(1.0, 1 + 1e-9), 1e-8),
        (PhaseType.of(Exponential(1.0)), 1e-10),
        (Gamma(1.0, 1.0), 1e-5),
    ):
        station = MG1(0.85, law)
        for q in (0.5, 0.99, 0.9999):
            wait, response = station.waiting_time_quantile(q), station.response_time_quantile(q)
            assert wait == pytest.approx(exact.waiting_time_quantile(q), rel=allowed), law
            assert response == pytest.approx(exact.response_time_quantile(q), rel=allowed), law


@pytest.mark.parametrize("law", EVERY)
def test_littles_law_and_the_busy_server(law):
    """N = λ R, N - L_q = ρ, and as many wait as find the server busy."""
    station = MG1(0.8 / law.mean, law)
    assert station.concurrency - station.queue_length == pytest.approx(0.8)
    assert station.waiting_time_survival(0.0) == pytest.approx(0.8, rel=1e-9)
    assert station.wait_probability == pytest.approx(0.8)
    assert station.waiting_time_quantile(0.2) == 0.0


@pytest.mark.parametrize("law", EVERY)
def test_level_crossing(law):
    """The wait's density is λ times the share still present: P(W > a) - P(W > b) = λ ∫ P(W ≤ x < T) dx."""
    station = MG1(0.7 / law.mean, law)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    low, high = 1.71 * law.mean, 1.97 * law.mean  # no time of the empirical law between
    times = low + (high - low) * (1 + nodes) / 2
    present = [station.response_time_survival(x) - station.waiting_time_survival(x) for x in times]
    area = station.arrival_rate * (high - low) / 2 * weights @ present
    fallen = station.waiting_time_survival(low) - station.waiting_time_survival(high)
    assert fallen == pytest.approx(area, rel=1e-8 if station.error == 0 else 1e-3)


@pytest.mark.parametrize("law", [Erlang(0.7, 5), Hyperexponential.balanced(0.7, 9), MixedErlang(0.7, 0.4)])
def test_phase_type_service_agrees(law):
    """The same law given as a chain of phases has the same quantiles."""
    known, found = MG1(1.1, law), MG1(1.1, PhaseType.of(law))
    for q in (0.5, 0.999):
        assert found.waiting_time_quantile(q) == pytest.approx(known.waiting_time_quantile(q), rel=1e-10)
        assert found.response_time_quantile(q) == pytest.approx(known.response_time_quantile(q), rel=1e-10)


def test_next_to_saturation_the_wait_is_exponential():
    """Kingman: W / E[W] tends to an exponential time, so P99 is ln(100) mean waits."""
    for law in (*PHASES, Constant(0.7)):
        station = MG1((1 - 1e-7) / law.mean, law)
        assert station.waiting_time_quantile(0.99) == pytest.approx(
            math.log(100) * station.waiting_time, rel=1e-5
        )


def test_largest_rate_for_an_objective():
    """The inverse question is answered for every way of solving."""
    for law in (Erlang(0.01, 3), Hyperexponential.balanced(0.01, 4), Lognormal(0.01, 2)):
        rate = MG1(10.0, law).max_arrival_rate(0.2, quantile=0.99)
        assert MG1(rate, law).response_time_quantile(0.99) == pytest.approx(0.2, rel=1e-4)


def test_infinite_variance_has_quantiles_but_no_mean():
    """A Pareto law of shape 1.6 is refused for the mean, and answered for quantiles."""
    station = MG1(0.5, Pareto(1.0, 1.6))
    with pytest.raises(
        DomainError, match="infinite variance, so the mean wait is infinite; ask for quantiles"
    ):
        _ = station.waiting_time
    assert station.waiting_time_quantile(0.9) > MG1(0.5, Pareto(1.0, 2.6)).waiting_time_quantile(0.9)


def test_refusals():
    """What cannot be answered is refused with the remedy."""
    with pytest.raises(Unstable, match="use at least 2 servers"):
        MG1(1.2, Erlang(1.0, 2))
    with pytest.raises(DomainError, match="one server; ask MMc, MDc or GGc"):
        MG1(0.5, Erlang(1.0, 2)).servers_for(2.0)
    with pytest.raises(DomainError, match="3000 phases are more than the 2000"):
        MG1(0.5, Erlang(1.0, 3000)).waiting_time_quantile(0.9)
    with pytest.raises(DomainError, match="lies too far out for Lognormal service"):
        MG1(0.5, Lognormal(1.0, 2)).response_time_quantile(1 - 1e-9)
