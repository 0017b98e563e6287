"""From a plan to a folder of pages: run the notebooks, turn them into HTML, put the folder in place.

papermill and nbconvert are used here and nowhere else. papermill marks dead and timed-out notebooks as
completed, so how a notebook ended is what was seen to happen here, never what its file says.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity.report import folder, pages, parameters
from capacity.report.artefacts import Artefacts, artefacts
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.report.kernels import Kernels

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # nbformat does not need it; it takes 1 s

_STUDY = ("p95_ms", "horizon_days", "spare_instances", "seed")
_EXIT_CODES = {"complete": 0, "failed": 1, "timeout": 5, "died": 6}
_WORST_FIRST = ("died", "timeout", "failed", "complete")

Progress = Callable[["Run", int, int], None]


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
    """

    name: str
    status: str
    seconds: float
    cell: int | None = None
    error: str = ""

    @property
    def text(self) -> str:
        """The end of this run as a sentence."""
        if self.status == "complete":
            return f"Notebook {self.name} is complete."
        ends = {"failed": "failed", "timeout": "took too long", "died": "lost its kernel"}
        place = f" in cell {self.cell}" if self.cell else ""
        return f"Notebook {self.name} {ends[self.status]}{place}: {self.error}"


@dataclass(frozen=True)
class Outcome:
    """How a report went: where its pages are, and how each notebook ended."""

    status: str
    folder: Path
    runs: tuple[Run, ...]

    @property
    def exit_code(self) -> int:
        """The exit code that tells this outcome."""
        return _EXIT_CODES[self.status]


def publish(
    plan: str | Path,
    out: str | Path,
    *,
    only: Sequence[str] = (),
    parameters: Mapping[str, object] | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    cell_timeout: float = 300,
    timeout: float = 1800,
    notebooks: Path | None = None,
) -> Outcome:
    """Write the report of a plan into a folder, whole or not at all.

    Parameters
    ----------
    plan : str or Path
        Plan file, or a load-test export.
    out : str or Path
        Folder of the report; an earlier report there is replaced when the new one is complete.
    only : sequence of str
        Notebooks to run; all by default.
    parameters : mapping, optional
        Notebook parameters; text is read as the declared type.
    jobs : int
        Notebooks run at the same time, at most one a core.
    progress : callable, optional
        Called with each finished `Run`, the number finished and the number of all.
    cell_timeout, timeout : float
        Longest time for one cell and for everything. [s]
    notebooks : Path, optional
        Folder of notebooks, in place of the package's own.

    Returns
    -------
    Outcome
        With the pages in `out`, or in ``OUT-failed`` when a notebook did not complete.

    Raises
    ------
    UsageError
        If a parameter, the plan or the folder is not as documented; no kernel has started.
    InputError
        If an input file cannot be used; no kernel has started.
    Busy
        If another run writes the same folder.
    OSError
        If the report cannot be written; the earlier one is untouched.
    """
    from capacity.report.kernels import Kernels

    chosen = pages.choose(notebooks or pages.notebooks_folder(), only)
    values = _checked(parameters or {}, chosen)
    plan, out = Path(plan).absolute(), Path(out).absolute()
    failed = out.with_name(f"{out.name}-failed")
    folder.refuse_foreign(out)
    folder.refuse_foreign(failed)
    if only:
        folder.refuse_partial(out, set(pages.page_names(chosen).values()))
    study = _study(plan, values)
    making = pages.Making(plan, str(study.name), values, study.seed, study.inputs, pages.now())
    with folder.only_writer(out), Kernels(timeout, cell_timeout) as kernels:
        runs, made = _made(chosen, making, study, kernels, jobs, progress)
        status = next(status for status in _WORST_FIRST if any(run.status == status for run in runs))
        target = out if status == "complete" else failed
        folder.replace(target, made.files, _told(status, making, runs, made.left_out))
        if status == "complete":
            folder.discard(failed)  # it tells of a run before this one
    return Outcome(status, target, runs)


def _checked(given: Mapping[str, object], notebooks: Sequence[Path]) -> dict[str, Any]:
    declared = {name: one for path in notebooks for name, one in parameters.declared(path).items()}
    declared.pop("plan", None)  # it has an argument of its own
    return parameters.check(given, declared)


def _study(plan: Path, values: Mapping[str, Any]) -> Any:
    """Read every input now, so that a bad one is refused before anything starts."""
    from capacity.document import read_every_input
    from capacity.study import Study

    study = Study.load(plan, **{name: values[name] for name in _STUDY if name in values})
    read_every_input(study)
    return study


def _told(
    status: str, making: pages.Making, runs: Sequence[Run], left_out: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "status": status,
        "made": making.made.isoformat(timespec="seconds"),
        "command": making.command,
        **{term.lower(): text for term, text in making.facts},
        "notebooks": [asdict(run) for run in runs],
        "left_out": dict(left_out),
    }


def _made(
    notebooks: Sequence[Path],
    making: pages.Making,
    study: Any,
    kernels: Kernels,
    jobs: int,
    progress: Progress | None,
) -> tuple[tuple[Run, ...], Artefacts]:
    """Run the notebooks side by side, make a page of each as it ends, and the other files meanwhile."""
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it says is told once, by `Run.text`
    names = pages.page_names(notebooks)
    runs: dict[str, Run] = {}
    with ThreadPoolExecutor(max(1, min(jobs, _cores(), len(notebooks)))) as pool:
        try:
            futures = [pool.submit(_run, path, making, kernels) for path in notebooks]
            made = artefacts(study)
            for future in as_completed(futures):
                run, notebook = future.result()
                runs[run.name] = run
                made.files[names[run.name]] = _page(notebook, run, making, names)
                if progress:
                    progress(run, len(runs), len(notebooks))
        except BaseException:
            kernels.end("interrupted")
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple(runs[path.stem] for path in notebooks), made


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(path: Path, making: pages.Making, kernels: Kernels) -> tuple[Run, Any]:
    """Run one notebook under papermill's own engine; return how it ended, and its cells as far as it came."""
    import nbformat
    import papermill

    from capacity.report.kernels import Execution, event_loop

    execution = Execution()
    started = time.monotonic()
    source, result = kernels.folder / f"{path.stem}.ipynb", kernels.folder / f"{path.stem}.out.ipynb"
    source.write_bytes(path.read_bytes())  # papermill expands { } in paths, and takes s3:// and the like
    status, error = "complete", ""
    try:
        with event_loop():
            notebook = papermill.execute_notebook(
                str(source),
                str(result),
                parameters=_given(path, making),
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
    cell = None if status == "complete" or execution.index is None else execution.index + 1
    return Run(path.stem, status, round(time.monotonic() - started, 2), cell, error), notebook


def _given(path: Path, making: pages.Making) -> dict[str, Any]:
    """Pick the parameters this notebook declares."""
    declared = parameters.declared(path)
    values = {"plan": str(making.plan), **making.parameters}
    return {name: value for name, value in values.items() if name in declared}


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


def _page(notebook: Any, run: Run, making: pages.Making, names: Mapping[str, str]) -> bytes:
    """Turn a notebook that ran into its page."""
    exporter = _exporter(making)
    page = {
        "title": pages.title_in(notebook.cells) or run.name,
        "service": visible(making.service),
        "links": pages.links(names, run.name),
        "failure": "" if run.status == "complete" else run.text,
        "facts": making.facts,
        "command": making.command,
        "inputs": making.inputs_html(),
    }
    html, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    return f"{html.strip()}\n".encode("utf-8", "replace")


def _exporter(making: pages.Making) -> Any:
    from nbconvert import HTMLExporter

    quiet = logging.getLogger("capacity.report")
    quiet.setLevel(logging.CRITICAL)
    exporter = HTMLExporter(
        extra_template_basedirs=[str(Path(__file__).parent)],
        template_name="template",
        exclude_anchor_links=True,
        log=quiet,
    )
    exporter.register_filter("outlined", pages.outlined)
    exporter.register_filter("own_names", lambda source: source.replace(str(making.plan), making.plan.name))
    return exporter
