"""The test rig, on the loopback: the instances of the service with nginx in front of them, or one station."""

import contextlib
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PORT = 4180  # of nginx, or of the station; the instances listen on the ports after it
NICENESS = -15  # of the load generator


def on_core(process: subprocess.Popen, core: int) -> None:
    """Keep a process just started on one core, so that servers and generator do not push each other about."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(process.pid, {core})


def in_real_time(command: list[str]) -> list[str]:
    """Return the command of a server that shall answer at once: in real time, where that is allowed."""
    return ["chrt", "-r", "10", *command] if os.geteuid() == 0 and shutil.which("chrt") else command


def above_others(process: subprocess.Popen) -> None:
    """Raise a process, the leader of its session, above other work on the machine, where that is allowed.

    Linux shares the processor between sessions before it looks at niceness inside one (autogroup).
    """
    if os.geteuid() != 0:
        return
    os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
    group = Path(f"/proc/{process.pid}/autogroup")
    if group.exists():
        group.write_text(str(NICENESS))


def refuse_company() -> None:
    """Raise if something already listens where the service shall: two recordings would disturb each other."""
    with contextlib.closing(socket.socket()) as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            raise ConnectionError(
                f"something answers on port {PORT}; wait until the other recording is over, or stop it"
            )


@contextlib.contextmanager
def running(command: list[str], stop: signal.Signals) -> Iterator[subprocess.Popen]:
    """Run a server for the length of a `with` block, then stop it and wait for it."""
    process = subprocess.Popen(in_real_time(command))
    on_core(process, 0)
    try:
        yield process
    finally:
        process.send_signal(stop)
        process.wait(timeout=30)


def rounds(instances: int, count: int = 64) -> list[int]:
    """Return the instances round after round, each round in another order; one instance needs one round."""
    rng = random.Random(7)
    return [i for _ in range(count if instances > 1 else 1) for i in rng.sample(range(instances), instances)]


def nginx_prefix(folder: Path, instances: int) -> Path:
    """Write the folder nginx runs in: its configuration for so many instances."""
    prefix = folder / "nginx"
    prefix.mkdir(exist_ok=True)
    servers = "\n".join(f"server 127.0.0.1:{PORT + 1 + i} max_fails=0;" for i in rounds(instances))
    conf = (HERE / "nginx.conf").read_text()
    conf = conf.replace("@SERVERS@", servers).replace("@LISTEN@", f"127.0.0.1:{PORT}")
    (prefix / "nginx.conf").write_text(conf)
    return prefix


@contextlib.contextmanager
def running_storefront(folder: Path, instances: int, truth: Path, options: list[str]) -> Iterator[None]:
    """Run the instances and nginx in front of them, warmed up, with an empty record."""
    refuse_company()
    ports = ",".join(str(PORT + 1 + i) for i in range(instances))
    service = ["node", str(HERE / "service.mjs"), "--ports", ports, "--truth", str(truth), *options]
    prefix = nginx_prefix(folder, instances)
    nginx = ["nginx", "-p", f"{prefix}/", "-c", "nginx.conf", "-e", "error.log"]
    with running(service, signal.SIGTERM) as service_process, running(nginx, signal.SIGTERM):
        begin_record(service_process)
        yield


@contextlib.contextmanager
def running_station(truth: Path, options: list[str]) -> Iterator[None]:
    """Run one station, warmed up, with an empty record."""
    refuse_company()
    command = ["node", str(HERE / "station.mjs"), "--port", str(PORT), "--truth", str(truth), *options]
    with running(command, signal.SIGTERM) as station:
        begin_record(station)
        yield


def begin_record(service: subprocess.Popen) -> None:
    """Warm a service up, let it come to rest and have it forget what it did."""
    warm_up()
    time.sleep(2)
    service.send_signal(signal.SIGUSR2)


def warm_up(visits: int = 150, patience: float = 20.0) -> None:
    """Visit the shop until the code paths are compiled and the connections stand."""
    until = time.monotonic() + patience
    while visits:
        try:
            visit()
            visits -= 1
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def visit() -> None:
    """Fetch three pages on one connection."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)) as connection:
        for path in ("/", "/static/app.css", "/api/products"):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise ConnectionError(
                    f"the warm-up got {answer.status} for {path}; are the instances running?"
                )
