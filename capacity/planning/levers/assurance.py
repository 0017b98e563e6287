"""Work that changes no figure of the system, or only for the worse: security, load tests."""

from __future__ import annotations

from dataclasses import replace

from capacity.planning.system.parts import Quantity
from capacity.planning.system.system import System


def security_hardening(system: System, *, cpu_ms: Quantity | None = None) -> System:
    """Harden the service: a gate of readiness, with evidence, never a benefit in a figure.

    If measured, it takes processor time of every request; nothing else changes.

    Parameters
    ----------
    system : System
        Of any kind.
    cpu_ms : float, optional
        Processor time it adds to a request on an instance. [ms]

    References
    ----------
    .. [1] OWASP, Application Security Verification Standard.

    Examples
    --------
    >>> import capacity as cap
    >>> parts = cap.parts
    >>> web = parts.Station("instance", servers=8, work=0.027, scope="instance")  # [servers], [s]
    >>> today = cap.System(stations=(web,))
    >>> then = cap.levers.security_hardening(today, cpu_ms=1.0)  # [ms]
    >>> [round(float(cap.evaluate(system).capacity)) for system in (today, then)]  # [req/s]
    [296, 286]
    """
    if cpu_ms is None:
        return system
    stations = tuple(
        replace(station, work=station.work + cpu_ms / 1000)
        if station.scope == "instance" and not station.held
        else station
        for station in system.stations
    )
    return replace(system, stations=stations)


def load_tests(system: System) -> System:
    """Test the service under load: the system stays as it is, what is known of it gets narrower.

    Its value is that of better decisions (value of information), not of a better system.

    Parameters
    ----------
    system : System
        Of any kind.

    References
    ----------
    .. [1] Howard, Information value theory, IEEE Trans. Systems Science and Cybernetics 2, 1966.

    Examples
    --------
    >>> import capacity as cap
    >>> today = cap.System(instances=2)
    >>> cap.levers.load_tests(today) == today
    True
    """
    return system
