"""Several servers where one of the two times is always the same: M/D/c and D/M/c, solved exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.errors import DomainError
from capacity.models import domain
from capacity.models.bisection import crossing, time_when
from capacity.models.stations.ladder import Ladder
from capacity.models.stations.poisson import poisson_window
from capacity.models.stations.queueing import MMc
from capacity.models.stations.station import Station

MOST_SERVERS = 2000  # the answers are checked up to here
_NO_LOAD = 1e-100  # utilization below which no two requests ever meet [fraction]
_PIECES, _NODES = 16, 12  # pieces of the time between two arrivals, and points on each


@dataclass(frozen=True)
class ConstantService(Station):
    """Stations whose work never varies, which say what they take and how long is waited: R = W + 1 / μ, every time."""

    def response_time_survival(self, t: float) -> float:
        """Share of requests that take longer than t seconds in all [fraction]."""
        domain.not_negative(time=t)
        service = 1 / self.service_rate
        return 1.0 if t < service else self.waiting_time_survival(t - service)

    def waiting_time_quantile(self, q: float) -> float:
        """Time in the queue not exceeded by the share q of requests; 0 up to 1 - P(wait) [s]."""
        domain.fraction(quantile=q)
        return time_when(self.waiting_time_survival, 1 - q, 0.0, 1 / self.service_rate)

    def response_time_quantile(self, q: float) -> float:
        """Response time not exceeded by the share q of requests [s]."""
        return self.waiting_time_quantile(q) + 1 / self.service_rate


@dataclass(frozen=True)
class MDc(ConstantService):
    """Poisson arrivals to identical servers that all take the same time for every request, one unbounded queue.

    In each service time D as many requests leave the service as were in it, so the queue left is
    Q' = max(Q + A - c, 0), A Poisson: the largest level of a random walk. Its steps up follow from the roots of
    z^c = exp(λ D (z - 1)) within the unit circle, given by Lambert's W; the waiting time is then a sum of positive
    terms. Nothing alternates, so no digits are lost at any load.

    Parameters
    ----------
    arrival_rate : float
        Offered rate, all of it served in the end. [req/s]
    service_rate : float
        Rate of one busy server, the inverse of the constant service time. [req/s]
    servers : int
        At most 2000. [servers]

    Raises
    ------
    Unstable
        If the arrival rate is not below `servers` times the service rate.
    DomainError
        If there are more than 2000 servers.

    References
    ----------
    .. [1] Franx, A simple solution for the M/D/c waiting time distribution, Operations Research Letters 29(5),
       2001, eq. 1.
    .. [2] Janssen and van Leeuwaarden, Back to the roots of the M/D/s queue and the works of Erlang, Crommelin and
       Pollaczek, Statistica Neerlandica 62(3), 2008.

    Examples
    --------
    >>> station = MDc(arrival_rate=1.6, service_rate=1.0, servers=2)
    >>> round(station.waiting_time, 6), round(station.waiting_time_quantile(0.99), 6)
    (0.903284, 5.069551)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.servers > MOST_SERVERS:
            raise DomainError(
                f"{self.servers} servers are more than the {MOST_SERVERS} M/D/c is solved for; use GGc"
            )

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "exact M/D/c (Franx 2001)"

    @property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        return self.waiting_time_survival(0.0)

    @property
    def waiting_time(self) -> float:
        """Mean time in the queue, W_q = L_q / λ [s]."""
        return self._queue.mean / self.arrival_rate if self.arrival_rate else 0.0

    def waiting_time_survival(self, t: float) -> float:
        """Share of requests that wait longer than t seconds [fraction].

        Σ P(A = j) P(Q ≥ k c - j) over j, A Poisson with mean λ (k D - t), k = 1 + the whole part of t / D.
        """
        domain.not_negative(time=t)
        time = t * self.service_rate
        services = math.floor(time) + 1
        first, chances = poisson_window(self.arrival_rate / self.service_rate * (services - time))
        arrived = np.arange(first, first + chances.size)
        return float(chances @ self._queue.tail(float(services * self.servers - 1) - arrived))

    @cached_property
    def _queue(self) -> Ladder:
        """Number waiting at any time: largest level of the walk with steps A - c.

        With r(z) = Π (1 - z_k / z) over the c roots z_k, 1 - exp(λ D (z - 1)) z^-c = r(z) (1 - U(z)) exp(-ρ Σ z_k),
        U that of the steps up; the coefficients of 1 / r follow from the sums of powers of the roots.
        """
        offered_load, servers = self.arrival_rate / self.service_rate, self.servers
        reach = offered_load * math.exp(
            _constant_service_decay(self.utilization)
        )  # arrivals that still count
        top = servers + math.ceil(12 * math.sqrt(reach)) + max(math.ceil(reach) - servers, 0) + 60
        first, chances = poisson_window(offered_load, last=top)
        arrivals = np.concatenate([np.zeros(first), chances])[servers : top + 1]
        roots = _inner_roots(servers, self.utilization)
        sums = _sums_of_powers(roots, arrivals.size)
        back = _exponential_series(sums)
        scale = math.exp(self.utilization * sums[1])
        steps = scale * np.convolve(arrivals, back[::-1])[back.size - 1 :]
        steps[0] = 0.0
        spare = math.exp(-float(np.log(np.abs(1 - roots[1:])).sum()))
        return Ladder(steps, self._spare_rate / self.service_rate * scale * spare)


def _inner_roots(servers: int, utilization: float) -> np.ndarray:
    """Roots of z^c = exp(λ D (z - 1)) within the unit circle; the first is 1."""
    from scipy.special import lambertw

    circle = np.exp(2j * np.pi * np.arange(1, servers) / servers)
    if not utilization:
        return np.concatenate([[1.0], circle])
    return np.concatenate([[1.0], -lambertw(-utilization * math.exp(-utilization) * circle) / utilization])


def _sums_of_powers(roots: np.ndarray, size: int) -> np.ndarray:
    """Sum of the powers 0, 1, ... of the roots."""
    powers, sums = np.ones_like(roots), np.empty(size)
    for exponent in range(size):
        sums[exponent] = powers.sum().real
        powers = powers * roots
    return np.maximum(sums, 0.0)


def _exponential_series(sums: np.ndarray) -> np.ndarray:
    """Coefficients of exp(Σ sums[k] w^k / k)."""
    series = np.zeros_like(sums)
    series[0] = 1.0
    for k in range(1, sums.size):
        series[k] = sums[1 : k + 1] @ series[k - 1 :: -1] / k
    return series


def _constant_service_decay(utilization: float) -> float:
    """Positive root s of ρ (exp(s) - 1) = s: the queue of M/D/c falls as exp(-s) a request."""
    if utilization < _NO_LOAD:
        return 0.0
    high = 2 - 2 * math.log(utilization)
    return crossing(lambda s: utilization * math.expm1(s) < s, 1 - utilization, high)[0]


@dataclass(frozen=True)
class DMc(MMc):
    """Evenly spaced arrivals to identical exponential servers with one unbounded queue.

    Who waits waits exponentially, as in M/M/c, at the rate c μ (1 - σ), σ = exp(-c μ (1 - σ) / λ). The chance to
    wait comes from the numbers that arrivals find, a chain solved by eliminating states from the top, without
    subtraction.

    Parameters, Raises as in `MMc`; the arrival rate is above 0 and there are at most 2000 servers.

    References
    ----------
    .. [1] Takács, Introduction to the Theory of Queues, Oxford University Press, 1962, ch. 2, theorems 3 and 4.
    .. [2] Grassmann, Taksar and Heyman, Regenerative analysis and steady state distributions for Markov chains,
       Operations Research 33(5), 1985.

    Examples
    --------
    >>> station = DMc(arrival_rate=4.0, service_rate=1.0, servers=5)
    >>> round(station.wait_probability, 6), round(station.waiting_time_quantile(0.99), 6)
    (0.361542, 1.932193)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        domain.positive(arrival_rate=self.arrival_rate)
        if self.servers > MOST_SERVERS:
            raise DomainError(
                f"{self.servers} servers are more than the {MOST_SERVERS} D/M/c is solved for; use GGc"
            )

    @property
    def method(self) -> str:
        """How the answers were found."""
        return "exact D/M/c (embedded chain)"

    @cached_property
    def wait_probability(self) -> float:
        """Share of requests that find all servers busy [fraction]."""
        spare = self._drain_rate / (self.servers * self.service_rate)
        repeat = math.exp(-self._drain_rate / self.arrival_rate)
        found = _found_by_arrivals(self.servers, self.service_rate / self.arrival_rate, repeat, spare)
        busy = found[-1] * repeat / spare
        return float(busy / (found.sum() + busy))

    @cached_property
    def _drain_rate(self) -> float:
        idle = self._spare_rate / (self.servers * self.service_rate)
        share = crossing(lambda s: _curvature(s) * s < idle, idle, 1 / self.utilization)[0]
        return share * self.arrival_rate


def _curvature(s: float) -> float:
    """(exp(-s) - 1 + s) / s², also for small s, where it is 1 / 2 - s / 6 ..."""
    if s > 0.5:
        return (math.expm1(-s) / s + 1) / s
    total = 0.0
    for order in range(16, 1, -1):
        total = 1 / math.factorial(order) - s * total
    return total


def _found_by_arrivals(servers: int, between: float, repeat: float, spare: float) -> np.ndarray:
    """Chances that an arrival finds 0 ... c - 1 present, up to a factor.

    Parameters
    ----------
    servers : int
        [servers]
    between : float
        Time between arrivals, for a mean service time of 1.
    repeat, spare : float
        σ and 1 - σ: at c - 1 present and above, one more is less likely by σ.
    """
    rows = [_left(n, np.array([between]))[0] for n in range(1, servers)]
    last = _left_from_a_queue(servers, between, repeat, spare)
    raised = np.ones(servers)  # raised[n]: chance of n present, against n - 1
    for n in range(servers - 1, 0, -1):
        raised[n] = rows[n - 1][n] / last[:n].sum()
        last = rows[n - 1][:n] + raised[n] * last[:n]
    with np.errstate(divide="ignore"):
        logarithms = np.cumsum(np.log(raised))
    return np.exp(logarithms - logarithms.max())


def _left(busy: int, times: np.ndarray) -> np.ndarray:
    """Chances that 0 ... busy of so many exponential services of mean 1 still last after each of some times."""
    from scipy.special import gammaln, xlogy

    number = np.arange(busy + 1)
    choices = gammaln(busy + 1) - gammaln(number + 1) - gammaln(busy - number + 1)
    ended = -np.expm1(-times[:, None])
    return np.exp(choices - number * times[:, None] + xlogy(busy - number, ended))


def _left_from_a_queue(servers: int, between: float, repeat: float, spare: float) -> np.ndarray:
    """Σ σ^n times the chances that of c + n present 0 ... c - 1 are left when the next request arrives.

    The last of those n leaves the queue at x with density σ c exp(-c (1 - σ) x): integrated by Gauss's rule, on
    pieces that are short against both exponentials.
    """
    ends = between * (1 - np.cos(np.linspace(0, np.pi, _PIECES + 1))) / 2
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(ends)[:, None] / 2
    times = (ends[:-1, None] + half * (1 + nodes)).ravel()
    shares = (half * weights).ravel() * repeat * servers * np.exp(-servers * spare * times)
    left = _left(servers, np.append(between - times, between))
    return (np.append(shares, 1.0) @ left)[:servers]
