"""How long until a failure is noticed: by probes, by alerts on an error budget, by errors and traces recorded."""

from __future__ import annotations

import math

import numpy as np

from capacity.errors import DomainError
from capacity.models.domain import Numbers, plain, within

SECONDS_PER_YEAR = 365 * 86_400.0  # [s]


def probe_detection(interval: Numbers, threshold: Numbers, timeout: Numbers = 0.0) -> Numbers:
    """Longest time until a dead instance is taken out of rotation: interval x threshold + timeout [s].

    Parameters
    ----------
    interval : float or ndarray
        Between probes. [s]
    threshold : float or ndarray
        Failures in a row at which it is taken out. [probes]
    timeout : float or ndarray
        After which a probe counts as failed. [s]

    Examples
    --------
    >>> probe_detection(interval=10, threshold=3, timeout=5)
    35.0
    """
    within(0, math.inf, interval=interval, timeout=timeout)
    within(1, math.inf, threshold=threshold)
    return plain(np.asarray(interval, dtype=float) * threshold + timeout)


def false_ejections(interval: Numbers, threshold: Numbers, failure_probability: Numbers) -> Numbers:
    """Times a year that a healthy instance is taken out: (seconds of a year / interval) pᵏ (1 - p) [1/y].

    Parameters
    ----------
    interval : float or ndarray
        Between probes, above 0. [s]
    threshold : float or ndarray
        k, failures in a row at which it is taken out. [probes]
    failure_probability : float or ndarray
        p, probes that fail though the instance is healthy, independently. [fraction]

    References
    ----------
    .. [1] Feller, An Introduction to Probability Theory and Its Applications I, 3rd ed., Wiley, 1968, ch. XIII.7
       (runs; a run of k ends where p fails k times after a success).

    Examples
    --------
    >>> round(false_ejections(interval=10, threshold=3, failure_probability=0.01), 2)
    3.12
    """
    within(math.ulp(0.0), math.inf, interval=interval)
    within(1, math.inf, threshold=threshold)
    within(0, 1, failure_probability=failure_probability)
    p = np.asarray(failure_probability, dtype=float)
    return plain(SECONDS_PER_YEAR / np.asarray(interval, dtype=float) * p**threshold * (1 - p))


def burn_rate_detection(
    objective: Numbers, burn_rate: Numbers, window: Numbers, error_rate: Numbers
) -> Numbers:
    """Time until an alert on the burn rate of an error budget fires: burn x window x (1 - SLO) / errors [s].

    Infinite where errors are so few that even a whole window of them stays below the threshold.

    Parameters
    ----------
    objective : float or ndarray
        Share of requests that must succeed, e.g. 0.999. [fraction]
    burn_rate : float or ndarray
        Multiple of the allowed error rate at which the alert fires. [1]
    window : float or ndarray
        Over which it is measured. [s]
    error_rate : float or ndarray
        Requests that fail during the incident. [fraction]

    Raises
    ------
    DomainError
        If a share is outside 0..1 or a value negative.

    References
    ----------
    .. [1] Beyer et al., The Site Reliability Workbook, O'Reilly, 2018, ch. 5 (alerting on SLOs).

    Examples
    --------
    >>> round(burn_rate_detection(0.999, burn_rate=14.4, window=3600, error_rate=0.1) / 60, 2)
    8.64
    """
    within(0, 1, objective=objective, error_rate=error_rate)
    within(0, math.inf, burn_rate=burn_rate, window=window)
    least = np.asarray(burn_rate, dtype=float) * (1 - np.asarray(objective, dtype=float))
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = window * least / error_rate
    return plain(np.where(least > error_rate, math.inf, seconds))


def first_event_seconds(
    event_rate: Numbers, sampling: Numbers = 1.0, patience: Numbers = math.inf
) -> Numbers:
    """Mean time until an error is first recorded, or noticed anyway: (1 - exp(-s λ t)) / (s λ) [s].

    Parameters
    ----------
    event_rate : float or ndarray
        λ, errors, Poisson. [1/s]
    sampling : float or ndarray
        s, errors recorded. [fraction]
    patience : float or ndarray
        t, after which somebody notices without any record; never by default. [s]

    Raises
    ------
    DomainError
        If nothing is ever recorded and nobody ever notices.

    Examples
    --------
    >>> first_event_seconds(event_rate=0.01, sampling=0.1)
    1000.0
    >>> round(first_event_seconds(event_rate=0.01, sampling=0.1, patience=600), 1)
    451.2
    """
    within(0, math.inf, event_rate=event_rate)
    within(0, 1, sampling=sampling)
    recorded, patience = np.asarray(event_rate, dtype=float) * sampling, np.asarray(patience, dtype=float)
    if np.any((recorded == 0) & np.isinf(patience)):
        raise DomainError(
            "no error is ever recorded and nobody ever notices; give a rate, a sampling or a patience"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = -np.expm1(-recorded * patience) / recorded
    return plain(np.where(recorded > 0, mean, patience))


def log_volume(request_rate: Numbers, bytes_per_request: Numbers) -> Numbers:
    """Logs of a day: rate x bytes x 86,400 s [GB/day].

    Examples
    --------
    >>> log_volume(request_rate=250, bytes_per_request=1000)
    21.6
    """
    within(0, math.inf, request_rate=request_rate, bytes_per_request=bytes_per_request)
    return plain(np.asarray(request_rate, dtype=float) * bytes_per_request * 86_400 / 1e9)
