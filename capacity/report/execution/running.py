"""How one notebook runs. papermill is used here and nowhere else.

It marks dead and timed-out notebooks as completed, so how a notebook ended is what was seen to happen here,
never what its file says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity import errors
from capacity.report.execution import parameters
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels

EXIT_CODES = {"complete": 0, "failed": 1, "timeout": 5, "died": 6}


@dataclass(frozen=True)
class Run:
    """How one notebook went.

    Parameters
    ----------
    name : str
        The notebook.
    status : {"complete", "failed", "timeout", "died"}
        How it ended.
    seconds : float
        How long it took. [s]
    cell : int or None
        The cell it ended in, counted from 1 as on its page.
    error : str
        What went wrong, in a line.
    unchanged : bool
        Whether an earlier run of the same notebook on the same inputs was taken for it.
    """

    name: str
    status: str
    seconds: float
    cell: int | None = None
    error: str = ""
    unchanged: bool = False

    @property
    def text(self) -> str:
        """The end of this run as a sentence."""
        if self.status == "complete":
            return f"Notebook {self.name} is complete."
        ends = {"failed": "failed", "timeout": "took too long", "died": "lost its kernel"}
        place = f" in cell {self.cell}" if self.cell else ""
        return f"Notebook {self.name} {ends[self.status]}{place}: {self.error}"


def worst(runs: Sequence[Run]) -> str:
    """Return the status of what went worst."""
    code = errors.worst(EXIT_CODES[run.status] for run in runs)
    return next(status for status in EXIT_CODES if EXIT_CODES[status] == code)


def run(path: Path, values: Mapping[str, Any], kernels: Kernels) -> tuple[Run, Any]:
    """Run one notebook under papermill's own engine; return how it ended, and its cells as far as it came.

    Parameters
    ----------
    path : Path
        The notebook.
    values : mapping
        Values of parameters; those it does not declare are left out.
    kernels : Kernels
        Where it runs.
    """
    import nbformat
    import papermill

    from capacity.report.execution.kernels import Execution, event_loop

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it says is told once, by `Run.text`
    execution = Execution()
    started = time.monotonic()
    place = kernels.place()
    source, result = place / f"{path.stem}.ipynb", place / f"{path.stem}.out.ipynb"
    source.write_bytes(path.read_bytes())  # papermill expands { } in paths, and takes s3:// and the like
    declared = parameters.declared(path)
    status, error = "complete", ""
    try:
        with event_loop():
            notebook = papermill.execute_notebook(
                str(source),
                str(result),
                parameters={name: value for name, value in values.items() if name in declared},
                kernel_name="python3",
                language="python",
                progress_bar=False,
                execution_timeout=kernels.cell_timeout,
                kernel_manager_class=kernels.manager_for(execution),
                on_cell_start=execution.enter,
                resources={"metadata": {"path": str(path.parent)}},
                shutdown_kernel="immediate",
            )
    except Exception as problem:  # what it means is decided from what happened, not from its class alone
        status, error = _what_happened(problem, execution.ended, kernels)
        notebook = nbformat.read(result if result.exists() else source, as_version=4)
    finally:
        kernels.forget(execution)
    cell = None if status == "complete" or execution.index is None else execution.index + 1
    return Run(path.stem, status, round(time.monotonic() - started, 2), cell, error), notebook


def _what_happened(problem: Exception, ended: str | None, kernels: Kernels) -> tuple[str, str]:
    """Tell the status and the reason of a run that did not complete."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if ended == "timeout":
        return "timeout", f"the report took more than {kernels.timeout:g} s"
    if ended == "output":
        return "failed", "the cell put out more than 10 MB; print less"
    if isinstance(problem, CellTimeoutError):
        return "timeout", f"the cell took more than {kernels.cell_timeout:g} s"
    if isinstance(problem, PapermillExecutionError):
        return "failed", f"{visible(problem.ename)}: {visible(problem.evalue, 500)}"
    if isinstance(problem, DeadKernelError) or "died" in str(problem):
        return "died", "its process ended; look for a lack of memory"
    raise problem
