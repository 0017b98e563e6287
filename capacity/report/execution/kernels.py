"""Kernels of this very interpreter, talking over private sockets, that never outlive their run.

Neither an installed kernel specification nor a TCP port is involved: another environment's ``python3`` cannot
be started by mistake, and simultaneous starts cannot race for a port.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop

from capacity import origin

MAX_OUTPUT = 10_000_000
_LONGEST_SOCKET_FOLDER = 60  # a socket path may have 107 characters
_POLL_SECONDS = 0.2
_PREFIX = "cap-"
_ABANDONED_AFTER = 60  # a folder younger than this may just be starting [s]


@contextlib.contextmanager
def event_loop() -> Iterator[None]:
    """Give this thread the event loop its kernel client needs, and close it afterwards."""
    loop = ensure_event_loop()
    try:
        yield
    finally:
        loop.close()


@dataclass(eq=False)
class Execution:
    """One notebook or program while it runs: its process, the cell it is in, and why it was ended, if it was."""

    manager: AsyncKernelManager | None = None
    process: subprocess.Popen[bytes] | None = None
    cell: dict[str, Any] | None = None
    index: int | None = None
    ended: str | None = None

    def enter(self, cell: dict[str, Any], cell_index: int) -> None:
        """Note that a cell begins; papermill calls this."""
        self.cell, self.index = cell, cell_index

    def end(self, why: str) -> None:
        """Kill the process and everything it started."""
        self.ended = self.ended or why
        provisioner = self.manager and self.manager.provisioner
        group = getattr(provisioner, "pgid", None)
        if self.process and self.process.poll() is None:
            group = self.process.pid  # it leads a group of its own
        if group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)

    def output_size(self) -> int:
        """Count the characters the current cell has put out so far."""
        outputs = list((self.cell or {}).get("outputs", []))
        return sum(len(output.get("text", "")) for output in outputs)


def _clear_leftovers(base: Path) -> None:
    """Remove the folders of our runs that were killed: nobody holds their lock any more."""
    for folder in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            ours = status.st_uid == os.getuid() and stat.S_ISDIR(status.st_mode)
            if ours and time.time() - status.st_mtime > _ABANDONED_AFTER and (folder / "lock").is_file():
                handle = _locked(folder / "lock")
                if handle is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(handle)


def _locked(path: Path) -> int | None:
    """Hold a lock until its handle is closed or this process ends; None when another process holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


@dataclass
class Kernels:
    """The kernels of one run, in one private folder, with limits on their time and output.

    Parameters
    ----------
    timeout, cell_timeout : float
        After this long every kernel is ended, and that of a single cell. [s]
    threads : int
        Threads a kernel's linear algebra may use. [threads]
    """

    timeout: float
    cell_timeout: float
    threads: int = 1
    executions: list[Execution] = field(default_factory=list)

    def __enter__(self) -> Kernels:
        base = Path(tempfile.gettempdir())
        short = base if len(str(base)) <= _LONGEST_SOCKET_FOLDER else Path("/tmp")  # noqa: S108 - mkdtemp is private
        _clear_leftovers(short)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=short))
        self._lock = _locked(self.folder / "lock")
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        self._ended = ""
        self._watch = threading.Thread(target=self._enforce_limits, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.end("interrupted")
        self._stop.set()
        self._watch.join()
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)

    def end(self, why: str) -> None:
        """Kill every kernel that is still there."""
        self._ended = self._ended or why  # the watch repeats it, for kernels that are just starting
        for execution in list(self.executions):
            execution.end(self._ended)

    @contextlib.contextmanager
    def pool(self, at_once: int) -> Iterator[ThreadPoolExecutor]:
        """Work on so many things at the same time; when one fails, or we are interrupted, end the others."""
        with ThreadPoolExecutor(at_once) as pool:
            try:
                yield pool
            except BaseException:
                self.end("interrupted")
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _enforce_limits(self) -> None:
        deadline = time.monotonic() + self.timeout
        while not self._stop.wait(_POLL_SECONDS):
            if self._ended or time.monotonic() > deadline:
                self.end("timeout")
            for execution in list(self.executions):
                if execution.output_size() > MAX_OUTPUT:
                    execution.end("output")

    def forget(self, execution: Execution) -> None:
        """Leave alone what has ended: its number may be that of another process by now."""
        if execution in self.executions:
            self.executions.remove(execution)

    def place(self) -> Path:
        """Make an empty folder for the files of one notebook."""
        place = self.folder / f"notebook-{next(self._numbers)}"
        place.mkdir()
        return place

    def answer_of(self, program: Sequence[str], question: bytes) -> tuple[bytes, str]:
        """Ask a program of this interpreter; return what it wrote, and why it was ended ("" when it ended by itself).

        Parameters
        ----------
        program : sequence of str
            Arguments for Python.
        question : bytes
            What it reads.
        """
        execution = Execution()
        self.executions.append(execution)
        environment = os.environ | self._environment()
        with subprocess.Popen(  # noqa: S603 - this interpreter, no shell
            [sys.executable, "-P", *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        ) as execution.process:
            try:
                answer, _ = execution.process.communicate(question, timeout=self.cell_timeout)
            except subprocess.TimeoutExpired:
                execution.end("slow")
                answer = b""
            except BrokenPipeError:
                answer = b""
        self.forget(execution)
        return answer, execution.ended or ("died" if execution.process.returncode else "")

    def manager_for(self, execution: Execution) -> type[AsyncKernelManager]:
        """Make the manager class that starts one kernel for this execution."""
        specification = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env=self._environment(),
        )
        connection = str(self.folder / f"{next(self._numbers)}.json")
        self.executions.append(execution)

        class Manager(AsyncKernelManager):
            def __init__(self, **traits: Any) -> None:
                super().__init__(transport="ipc", connection_file=connection, **traits)
                execution.manager = self

            @property
            def kernel_spec(self) -> KernelSpec:
                return specification

        return Manager

    def _environment(self) -> dict[str, str]:
        """Keep the user's IPython profile out, and linear algebra from taking every core; tell our own version."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        own = {"IPYTHONDIR": str(self.folder / "ipython"), origin.SOFTWARE: origin.software()}
        return own | dict.fromkeys(names, str(self.threads))
