"""What makes incidents shorter: alerts, monitoring of the application, traces, records of errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capacity.errors import NotIdentified
from capacity.models.overload.monitoring import burn_rate_detection, log_volume
from capacity.models.overload.tails import any_exceeds
from capacity.planning.demand.growth import DAYS_PER_MONTH
from capacity.planning.system.parts import Incidents, Quantity
from capacity.planning.system.system import System


def metrics(
    system: System,
    *,
    objective: Quantity,
    burn_rate: Quantity,
    window_hours: Quantity,
    incident_error_rate: Quantity,
    cpu_share: Quantity,
    bytes_per_request: Quantity | None = None,
    price_per_gb: Quantity | None = None,
) -> System:
    """Measure and log, and alert on the burn rate of the error budget.

    An alert fires after burn × window × (1 − objective)/error rate, unless somebody notices before; an error rate
    too low for it never fires it. Logs of a day are rate × bytes × 86,400.

    Parameters
    ----------
    system : System
        With its incidents.
    objective : float
        Requests that must succeed. [fraction]
    burn_rate : float
        Multiple of the allowed error rate at which the alert fires. [1]
    window_hours : float
        Over which it is measured. [h]
    incident_error_rate : float
        Requests that fail in a typical incident. [fraction]
    cpu_share : float
        Processor time measuring and logging takes. [fraction]
    bytes_per_request, price_per_gb : float, optional
        Logged, and its price. [bytes], [money]

    Raises
    ------
    NotIdentified
        If the system says nothing about its incidents, or logs have a price but no mean rate.

    References
    ----------
    .. [1] Google, Site Reliability Workbook, 2018, ch. 5 (alerting on SLOs).

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> found = parts.Incidents(per_year=8, detect_minutes=8, triage_minutes=5, diagnose_minutes=30, fix_minutes=15)
    >>> today = cap.System(incidents=found)
    >>> then = cap.levers.metrics(
    ...     today, objective=0.999, burn_rate=14.4, window_hours=1, incident_error_rate=0.5, cpu_share=0.01
    ... )
    >>> [round(float(system.incidents.noticed_minutes), 1) for system in (today, then)]  # [min]
    [8.0, 1.7]
    """
    incidents = _incidents(system, "metrics")
    seconds = burn_rate_detection(objective, burn_rate, 3600 * window_hours, incident_error_rate)
    alerted = replace(incidents, alert_minutes=np.asarray(seconds)[()] / 60)
    logged = _with_agent(replace(system, incidents=alerted), cpu_share)
    if bytes_per_request is None or price_per_gb is None:
        return logged
    if system.traffic.request_rate is None:
        raise NotIdentified("lever 'metrics' needs the mean rate for the price of logs; state request_rate")
    monthly = log_volume(system.traffic.request_rate, bytes_per_request) * DAYS_PER_MONTH * price_per_gb
    return replace(logged, running_per_month=logged.running_per_month + monthly)


def apm(system: System, *, detect_factor: Quantity, diagnose_factor: Quantity, cpu_share: Quantity) -> System:
    """Monitor the application, so that incidents are noticed and understood sooner.

    Detection and diagnosis take their factor of the minutes, diagnosis of silent faults too; the agent takes
    `cpu_share` of each instance.

    Parameters
    ----------
    system : System
        With its incidents.
    detect_factor, diagnose_factor : float
        Minutes that remain. [fraction]
    cpu_share : float
        Processor time the agent takes; measure it with your own test. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about its incidents.

    References
    ----------
    .. [1] Google, Site Reliability Workbook, 2018, ch. 5 (alerting) and the MTTR components named there.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> found = parts.Incidents(per_year=8, detect_minutes=8, triage_minutes=5, diagnose_minutes=30, fix_minutes=15)
    >>> today = cap.System(incidents=found)
    >>> then = cap.levers.apm(today, detect_factor=0.5, diagnose_factor=0.5, cpu_share=0.015)  # [fraction]
    >>> cap.evaluate(today).downtime_minutes, cap.evaluate(then).downtime_minutes  # [min/y]
    (464.0, 312.0)
    """
    return _watched(system, "apm", detect_factor, diagnose_factor, cpu_share)


def tracing(
    system: System,
    *,
    diagnose_factor: Quantity,
    sampling: Quantity,
    failing_requests: Quantity,
    cpu_share: Quantity,
) -> System:
    """Follow requests across services, so that diagnosis of a traced incident takes less time.

    An incident with k failing requests leaves a trace with probability 1 − (1 − sampling)ᵏ; only then the
    factor applies.

    Parameters
    ----------
    system : System
        With its incidents.
    diagnose_factor : float
        Minutes of diagnosis that remain when there is a trace. [fraction]
    sampling : float
        Requests traced. [fraction]
    failing_requests : float
        Failing requests in a typical incident. [requests]
    cpu_share : float
        Processor time tracing takes. [fraction]

    Raises
    ------
    NotIdentified
        If the system says nothing about its incidents.

    References
    ----------
    .. [1] Sigelman et al., Dapper, Google, 2010.
    .. [2] Dean and Barroso, The tail at scale, CACM 56, 2013.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> found = parts.Incidents(per_year=8, detect_minutes=8, triage_minutes=5, diagnose_minutes=30, fix_minutes=15)
    >>> today = cap.System(incidents=found)
    >>> then = cap.levers.tracing(today, diagnose_factor=0.7, sampling=0.05, failing_requests=100, cpu_share=0.01)
    >>> round(cap.evaluate(today).downtime_minutes - cap.evaluate(then).downtime_minutes, 1)  # saved [min/y]
    71.6
    """
    caught = any_exceeds(sampling, failing_requests)
    return _watched(system, "tracing", 1.0, 1 - caught * (1 - diagnose_factor), cpu_share)


def error_monitoring(system: System, *, error_sampling: Quantity, errors_per_second: Quantity) -> System:
    """Record errors and alert on the first, so that faults nobody complains about are noticed.

    The first of λ errors a second, of which a share s is recorded, comes after 1/(s λ) on average, or somebody
    notices before: (1 − exp(−s λ t))/(s λ).

    Parameters
    ----------
    system : System
        With its silent faults.
    error_sampling : float
        Errors recorded; keep it at 1. [fraction]
    errors_per_second : float
        Errors while a silent fault lasts. [1/s]

    Raises
    ------
    NotIdentified
        If the system says nothing about silent faults.

    References
    ----------
    .. [1] Sentry documentation, Sampling and filtering.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> silent = parts.Incidents(
    ...     per_year=4, detect_minutes=600, triage_minutes=5, diagnose_minutes=30, fix_minutes=15, impact=0.02
    ... )
    >>> then = cap.levers.error_monitoring(cap.System(silent=silent), error_sampling=1.0, errors_per_second=0.05)
    >>> round(60 * then.silent.noticed_minutes)  # instead of 10 hours [s]
    20
    """
    if system.silent is None:
        raise NotIdentified(
            "lever 'error_monitoring' needs the silent faults of today; state silent_per_year and its minutes"
        )
    return replace(system, silent=replace(system.silent, event_rate=error_sampling * errors_per_second))


def _watched(
    system: System, lever: str, detect_factor: Quantity, diagnose_factor: Quantity, cpu_share: Quantity
) -> System:
    incidents = _incidents(system, lever)
    noticed = replace(incidents, detect_minutes=incidents.detect_minutes * detect_factor)
    silent = None if system.silent is None else _diagnosed(system.silent, diagnose_factor)
    return _with_agent(
        replace(system, incidents=_diagnosed(noticed, diagnose_factor), silent=silent), cpu_share
    )


def _diagnosed(incidents: Incidents, factor: Quantity) -> Incidents:
    return replace(incidents, diagnose_minutes=incidents.diagnose_minutes * factor)


def _with_agent(system: System, cpu_share: Quantity) -> System:
    """Take a share of the processors of every instance."""
    stations = tuple(
        replace(station, agent_share=1 - (1 - station.agent_share) * (1 - cpu_share))
        if station.scope == "instance" and not station.held
        else station
        for station in system.stations
    )
    return replace(system, stations=stations)


def _incidents(system: System, lever: str) -> Incidents:
    if system.incidents is None:
        raise NotIdentified(
            f"lever '{lever}' needs the incidents of today; state incidents_per_year and their minutes"
        )
    return system.incidents
