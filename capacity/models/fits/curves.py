"""The scalability laws as curves for bounded least squares: throughput over concurrency, response time over throughput.

Both speak of the parts of a response time R(N) = a + b N + c N (N - 1), with a = (1 - α) / γ, b = α / γ and
c = β / γ, all 0 or above [s]; the "line" of `regression` is (a + b, b, c).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from capacity.models.fits.points import OpenNoise
from capacity.shown import Shown

_ALL = 1 - 1e-9  # largest share of the top throughput's period that is spent alone
_POWER: dict[OpenNoise, float] = {"absolute": 0.0, "relative": 1.0, "queueing": 2.0}
_SLOPE_OF_PEAK = 1e-12  # where the slope of R(X) is infinite it counts as very steep


@dataclass(frozen=True, eq=False)
class ThroughputCurve(Shown):
    """Throughput X(N) = N / R(N) of a test that sets the concurrency; its parameters are the parts a, b, c.

    Parameters
    ----------
    concurrency : ndarray
        [requests or instances]
    parameters : int
        Of the law: 1 linear, 2 Amdahl, 3 USL. [parameters]
    noise : {"relative", "absolute"}
        Whether values are logarithms.
    weight : ndarray
        Of each value. [1]

    Examples
    --------
    >>> import capacity as cap
    >>> curve = cap.Amdahl.fit([1, 2, 4], [300, 570, 1030]).curve
    >>> curve.concurrency, curve.parameters
    (array([1., 2., 4.]), 2)
    """

    concurrency: np.ndarray
    parameters: int
    noise: OpenNoise
    weight: np.ndarray

    @property
    def lower(self) -> np.ndarray:
        """No part is negative [as the parameters]."""
        return np.zeros(self.parameters)

    @property
    def upper(self) -> np.ndarray:
        """No part has a largest value [as the parameters]."""
        return np.full(self.parameters, np.inf)

    def values(self, parameters: np.ndarray) -> np.ndarray:
        """Throughput, or its logarithm, at each concurrency, see `leastsquares.Curve` [req/s]."""
        return self.linearised(parameters)[0]

    def linearised(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values [req/s] and slopes, see `leastsquares.Curve`."""
        response = np.maximum(parameters @ self._design.T, 1e-100)
        slope = -self._design / response[:, :, None]
        if self.noise == "relative":
            return np.log(self.concurrency / response) * self.weight, slope * self.weight[:, None]
        values = self.concurrency / response * self.weight
        return values, slope * values[:, :, None]

    def parts(self, parameters: np.ndarray) -> np.ndarray:
        """Parts a, b, c of each set of parameters [s]."""
        return np.pad(parameters, ((0, 0), (0, 3 - self.parameters)))

    def parameters_of(self, parts: np.ndarray) -> np.ndarray:
        """Inverse of `parts` [s]."""
        return parts[:, : self.parameters]

    @cached_property
    def _design(self) -> np.ndarray:
        n = self.concurrency
        return np.column_stack([np.ones_like(n), n, n * (n - 1)])[:, : self.parameters]


@dataclass(frozen=True, eq=False)
class ResponseCurve(Shown):
    """Mean response time R(X) of a test that sets the throughput, on the branch below the peak.

    R is the smaller root of c X² R² - (1 - (b - c) X) R + a = 0. So that no parameters put the peak X* below the
    highest tested throughput T, the law is described by what it says there: the logarithm of its concurrency
    M at T, ω = b T in 0..1, the share of T's period that is spent alone, and κ = c M² / a in 0..1, which is
    1 where T is the peak.

    Parameters
    ----------
    throughput : ndarray
        [req/s]
    parameters, weight
        As in `ThroughputCurve`. [parameters, 1]
    noise : {"relative", "absolute", "queueing"}
        Whether values are logarithms, times, or reciprocals (negative): see `scaled`.

    Examples
    --------
    >>> import capacity as cap
    >>> curve = cap.Amdahl.fit_open([20, 35, 50, 60, 70], [0.0126, 0.0152, 0.0203, 0.0246, 0.0338]).curve
    >>> curve.top, curve.parameters  # [req/s]
    (70.0, 2)
    """

    throughput: np.ndarray
    parameters: int
    noise: OpenNoise
    weight: np.ndarray

    @property
    def lower(self) -> np.ndarray:
        """At least one request at T where the law counts pairs; ω and κ from 0 [as the parameters]."""
        return np.array([0.0 if self.parameters == 3 else -np.inf, 0.0, 0.0])[: self.parameters]

    @property
    def upper(self) -> np.ndarray:
        """Largest ω is (nearly) 1, largest κ is 1 [as the parameters]."""
        return np.array([np.inf, _ALL, 1.0])[: self.parameters]

    @cached_property
    def top(self) -> float:
        """Highest tested throughput T [req/s]."""
        return float(self.throughput.max())

    def values(self, parameters: np.ndarray) -> np.ndarray:
        """Response time, or what it is fitted as, at each throughput, see `leastsquares.Curve` [s]."""
        return scaled(self._response(parameters, self.parts(parameters)), self.noise) * self.weight

    def linearised(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Values [s] and slopes, see `leastsquares.Curve`."""
        parts, change = self.parts(parameters), self.slopes_of_parts(parameters)
        a, c = parts[:, :1], parts[:, 2:]
        response = self._response(parameters, parts)
        concurrency = self.throughput * response
        steepness = np.maximum((a - c * concurrency**2) / response, _SLOPE_OF_PEAK)  # 1 - X dR/dN
        pairs = concurrency * (concurrency - 1)
        slopes = change[:, 0, None] + concurrency[:, :, None] * change[:, 1, None]
        slopes = (slopes + pairs[:, :, None] * change[:, 2, None]) / steepness[:, :, None]
        at_top = np.exp(parameters[:, :1]) / self.top
        slopes[:, self._is_top] = at_top[:, :, None] * np.eye(self.parameters)[0]
        stretch = self.weight * slope_of_scale(response, self.noise)
        return scaled(response, self.noise) * self.weight, slopes * stretch[:, :, None]

    def parts(self, parameters: np.ndarray) -> np.ndarray:
        """Parts a, b, c of each set of parameters [s]."""
        log_most, alone, knee = self._padded(parameters)
        most = np.exp(log_most)
        a = (1 - alone) * most / (self.top * (1 + knee * (1 - 1 / most)))
        return np.column_stack([a, alone / self.top, knee * a / most**2])

    def parameters_of(self, parts: np.ndarray) -> np.ndarray:
        """Inverse of `parts` [s], for laws whose peak is not below T."""
        most = self.top * response_time_of(parts, np.array([self.top]))[:, 0]
        found = np.column_stack([np.log(most), parts[:, 1] * self.top, parts[:, 2] * most**2 / parts[:, 0]])
        return found[:, : self.parameters]

    def slopes_of_parts(self, parameters: np.ndarray) -> np.ndarray:
        """Slopes of a, b, c [s] with respect to the parameters (sets x parts x parameters)."""
        log_most, alone, knee = self._padded(parameters)
        most = np.exp(log_most)
        fold = 1 + knee * (1 - 1 / most)
        a = (1 - alone) * most / (self.top * fold)
        of_a = np.array(
            [a * (1 - knee / (most * fold)), -most / (self.top * fold), -a * (1 - 1 / most) / fold]
        )
        of_b = np.zeros_like(of_a)
        of_b[1] = 1 / self.top
        of_c = knee * of_a / most**2
        of_c[0] -= 2 * knee * a / most**2
        of_c[2] += a / most**2
        return np.moveaxis(np.array([of_a, of_b, of_c]), 2, 0)[:, :, : self.parameters]

    def _response(self, parameters: np.ndarray, parts: np.ndarray) -> np.ndarray:
        """Response time at each tested throughput, at T by its own parameter: rounding would matter there."""
        response = response_time_of(parts, self.throughput)
        response[:, self._is_top] = np.exp(parameters[:, :1]) / self.top
        return response

    def _padded(self, parameters: np.ndarray) -> np.ndarray:
        """Logarithm of M, ω and κ, those the law does not have being 0."""
        padded = np.zeros((3, len(parameters)))
        padded[: self.parameters] = parameters.T
        padded[0] = np.clip(padded[0], -300, 300)
        return padded

    @cached_property
    def _is_top(self) -> np.ndarray:
        return self.throughput >= self.top


def scaled(response_time: np.ndarray, noise: OpenNoise) -> np.ndarray:
    """Response times on the scale where their scatter is even: R, ln R, or -1 / R where it grows with R, R²."""
    if noise == "relative":
        return np.log(response_time)
    return response_time if noise == "absolute" else -1 / response_time


def slope_of_scale(response_time: np.ndarray, noise: OpenNoise) -> np.ndarray:
    """Derivative of `scaled`, 1 / R to the power with which scatter grows."""
    slope: np.ndarray = response_time ** -_POWER[noise]
    return slope


def unscaled(values: np.ndarray, noise: OpenNoise) -> np.ndarray:
    """Inverse of `scaled`."""
    if noise == "relative":
        return np.exp(values)
    return values if noise == "absolute" else -1 / values


def response_time_of(parts: np.ndarray, throughput: np.ndarray) -> np.ndarray:
    """Response time at each throughput for each row of parts; at the peak's where the throughput is above it [s]."""
    a, b, c = (part[:, None] for part in parts.T)
    linear = 1 - (b - c) * throughput
    root = np.sqrt(np.maximum(linear**2 - 4 * c * a * throughput**2, 0.0))
    return 2 * a / np.maximum(linear + root, 1e-100)


def throughput_of(parts: np.ndarray, concurrency: np.ndarray) -> np.ndarray:
    """Throughput at each concurrency for each row of parts [req/s]."""
    a, b, c = (part[:, None] for part in parts.T)
    return concurrency / (a + b * concurrency + c * concurrency * (concurrency - 1))


def peak_of(parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Concurrency and throughput of the peak for each row of parts; ``inf`` where there is none [requests], [req/s]."""
    a, b, c = parts.T
    with np.errstate(divide="ignore"):
        return np.sqrt(a / c), 1 / (b - c + 2 * np.sqrt(c * a))
