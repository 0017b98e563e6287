"""From a plan to a folder of pages: run the notebooks, turn them into HTML, put the folder in place.

How one notebook runs is in `running`, how it becomes a page in `exporting`, many plans at once in `batch`.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity import origin
from capacity.report import folder, pages
from capacity.report.execution import parameters, running
from capacity.report.execution.running import EXIT_CODES, Run, worst
from capacity.report.kept.cache import NO_CACHE, Cache
from capacity.report.kept.memory import Memory
from capacity.report.kept.studied import Question, Studied

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # nbformat does not need it; it takes 1 s

Progress = Callable[[Run, int, int], None]
CELL_TIMEOUT, TIMEOUT = 300.0, 1800.0  # of a cell, of a report [s]


@dataclass(frozen=True)
class Outcome:
    """How a run went, of one report or of many.

    Parameters
    ----------
    folder : Path or None
        Where its pages are; None when there is none.
    complete : bool
        Whether the folder is the one asked for, and not one beside it.
    problems : tuple of str
        What went wrong, a line each.
    exit_code : int
        That of the worst.
    """

    folder: Path | None
    complete: bool
    problems: tuple[str, ...]
    exit_code: int


def publish(
    plan: str | Path,
    out: str | Path,
    *,
    only: Sequence[str] = (),
    parameters: Mapping[str, object] | None = None,
    jobs: int = 2,
    progress: Progress | None = None,
    cell_timeout: float = CELL_TIMEOUT,
    timeout: float = TIMEOUT,
    notebooks: Path | None = None,
    cache: Cache = NO_CACHE,
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
    cache : Cache
        Where results are kept; by default nothing is kept or recalled.

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
    from capacity.report.execution.kernels import Kernels

    chosen = pages.choose(notebooks or pages.notebooks_folder(), only)
    question = Question(str(Path(plan).absolute()), checked(parameters or {}, chosen), {})
    out = Path(out).absolute()
    refuse(out, set(pages.page_names(chosen).values()) if only else None)
    memory = Memory(cache, question)
    studied = memory.study()
    study = None if studied else question.study()
    with folder.only_writer(out):
        known = {path: notebook for path in chosen if (notebook := memory.notebook(path)) is not None}
        if studied and len(known) == len(chosen):
            report = Report(question, chosen, studied)
            report.recall(known, progress)
        else:
            with Kernels(timeout, cell_timeout) as kernels:
                report = _made(
                    question, chosen, memory, studied or study, known, kernels, workers(jobs), progress
                )
        return report.put(out)


def checked(given: Mapping[str, object], notebooks: Sequence[Path]) -> dict[str, Any]:
    """Turn what came into values of the parameters that the notebooks declare.

    Raises
    ------
    UsageError
        If one is not declared, or ill-typed.
    """
    declared = {name: one for path in notebooks for name, one in parameters.declared(path).items()}
    declared.pop("plan", None)  # it has an argument of its own
    return parameters.check(given, declared)


def failed(out: Path) -> Path:
    """Name the folder where the pages go when a report did not complete."""
    return out.with_name(f"{out.name}-failed")


def refuse(out: Path, pages_made: set[str] | None = None) -> None:
    """Refuse a folder that holds anything of others, or pages that a partial run would take away.

    Raises
    ------
    UsageError
        If so.
    """
    folder.refuse_foreign(out)
    folder.refuse_foreign(failed(out))
    if pages_made is not None:
        folder.refuse_partial(out, pages_made)


@dataclass
class Report:
    """One report in the making: a page of each notebook that ended, and the other files.

    Parameters
    ----------
    question : Question
        The plan, and what is asked of it.
    notebooks : sequence of Path
        All that belong to it, in order.
    studied : Studied
        What the report takes from the study.
    up : str
        Address of the page above, if there is one.
    """

    question: Question
    notebooks: Sequence[Path]
    studied: Studied
    up: str = ""
    _runs: dict[str, Run] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plan, values = Path(self.question.plan).name, self.question.options
        command = shlex.join(["capacity", "report", plan, *pages.as_options(values)])
        terms = (("Plan", plan), ("Parameters", pages.as_words(values)), ("Seed", str(self.studied.seed)))
        checksums = [row["sha256"] for row in self.studied.inputs]
        self.making = pages.Making(command, terms, checksums, origin.now())
        self.files = {name: text.encode("utf-8") for name, text in self.studied.files.items()}
        self._names = pages.page_names(self.notebooks)

    @property
    def runs(self) -> tuple[Run, ...]:
        """How the notebooks ended, in their order."""
        return tuple(self._runs[path.stem] for path in self.notebooks if path.stem in self._runs)

    @property
    def status(self) -> str:
        """How the worst of them ended."""
        return worst(self.runs)

    @property
    def exit_code(self) -> int:
        """The exit code that tells this status."""
        return EXIT_CODES[self.status]

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong, a line each."""
        return tuple(run.text for run in self.runs if run.status != "complete")

    def add(self, run: Run, notebook: Any) -> None:
        """Make the page of a notebook that ended."""
        from capacity.report.exporting import page

        self._runs[run.name] = run
        name = self._names[run.name]
        about = self.making.about(
            pages.title_in(notebook.cells) or run.name,
            self.studied.service,
            pages.links(self._names, run.name, self.up),
            names=self._names,
            failure="" if run.status == "complete" else run.text,
            inputs=pages.inputs_html(self.studied.inputs),
            left_out=self.studied.left_out if name == "index.html" else {},
        )
        self.files[name] = page(notebook, about, Path(self.question.plan))

    def recall(self, known: Mapping[Path, Any], progress: Progress | None = None) -> None:
        """Make the pages of notebooks that have not changed."""
        for path, notebook in known.items():
            self.add(Run(path.stem, "complete", 0.0, unchanged=True), notebook)
            if progress:
                progress(self._runs[path.stem], len(self._runs), len(self.notebooks))

    @property
    def told(self) -> dict[str, Any]:
        """What the status file says."""
        return {
            "status": self.status,
            **self.making.told,
            "notebooks": [asdict(run) for run in self.runs],
            "left_out": dict(self.studied.left_out),
        }

    def put(self, out: Path) -> Outcome:
        """Put the report in place, or beside it when it is not complete."""
        complete = self.status == "complete"
        target = out if complete else failed(out)
        folder.replace(target, self.files, self.told)
        if complete:
            folder.discard(failed(out))  # it tells of a run before this one
        return Outcome(target, complete, self.problems, self.exit_code)


def _made(
    question: Question,
    notebooks: Sequence[Path],
    memory: Memory,
    study: Any,
    known: Mapping[Path, Any],
    kernels: Kernels,
    at_once: int,
    progress: Progress | None,
) -> Report:
    """Run the notebooks that changed side by side, and make the other files meanwhile."""
    with kernels.pool(at_once) as pool:
        changed = [path for path in notebooks if path not in known]
        futures = [pool.submit(run_and_keep, path, question, memory, kernels) for path in changed]
        studied = study
        if not isinstance(study, Studied):
            studied = Studied.of(study)
            memory.keep_study(studied)
        report = Report(question, notebooks, studied)
        report.recall(known, progress)
        for future in as_completed(futures):
            report.add(*future.result())
            if progress:
                progress(future.result()[0], len(report.runs), len(notebooks))
    return report


def workers(jobs: int) -> int:
    """How many may run at the same time: as many as wanted, at most one a core."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(jobs, cores))


def run_and_keep(path: Path, question: Question, memory: Memory, kernels: Kernels) -> tuple[Run, Any]:
    """Run a notebook, and keep it when it is complete."""
    about = memory.about(path)
    run, notebook = running.run(path, {"plan": question.plan, **question.options}, kernels)
    if run.status == "complete":
        memory.keep_notebook(path, about, notebook)
    return run, notebook
