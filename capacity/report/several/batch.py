"""Many plans in one run: the report of each, and a page that compares the services.

Studies and notebooks of all plans go through one pool. Each study is computed in a process of its own, so that
a plan that is refused, fails or dies takes no other with it: it has a row with its reason.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from capacity.errors import told, worst
from capacity.report import folder, pages
from capacity.report.execution.running import Run
from capacity.report.kept.cache import NO_CACHE, Cache
from capacity.report.kept.memory import Memory
from capacity.report.kept.studied import Question, Studied
from capacity.report.publish import (
    CELL_TIMEOUT,
    TIMEOUT,
    Outcome,
    Progress,
    Report,
    checked,
    failed,
    refuse,
    run_and_keep,
    workers,
)
from capacity.report.several import comparison
from capacity.report.several.naming import slugs
from capacity.report.several.summary import INCOMPLETE, Summary
from capacity.wording import visible

if TYPE_CHECKING:
    from capacity.report.execution.kernels import Kernels


@dataclass
class Service:
    """One plan of many, and how far its report is."""

    question: Question
    name: str
    slug: str = ""
    report: Report | None = None
    reason: str = ""
    exit_code: int = 0
    memory: Memory = field(init=False)

    @property
    def plan(self) -> Path:
        """The plan file or export."""
        return Path(self.question.plan)

    def refuse(self, problem: Exception) -> None:
        """Note why there is no report."""
        self.report = None
        self.reason, self.exit_code = told_without(self.plan.parent, problem)

    @property
    def summary(self) -> Summary:
        """Its row in the comparison."""
        if self.report is None:
            return Summary.none(self.name, self.reason)
        row = self.report.studied.summary
        if self.report.status == "complete":
            return row
        first = next(run for run in self.report.runs if run.status == self.report.status)
        return replace(row, status=INCOMPLETE, headline=f"{INCOMPLETE} ({row.headline})", action=first.text)

    @property
    def worst(self) -> int:
        """The exit code of this plan alone."""
        return self.report.exit_code if self.report else self.exit_code

    @property
    def problems(self) -> list[str]:
        """What went wrong, a line each."""
        name = visible(self.plan.name, 300)
        if self.report is None:
            return [line if name in line else f"{name}: {line}" for line in self.reason.splitlines()]
        return [f"{name}: {problem}" for problem in self.report.problems]

    @property
    def told(self) -> dict[str, Any]:
        """What the status file says of it."""
        status = self.report.status if self.report else "refused"
        where = f"{self.slug}/" if self.report else None
        about = {"plan": self.plan.name, "service": self.name, "status": status, "folder": where}
        runs = [asdict(run) for run in self.report.runs] if self.report else []
        return about | {"reason": self.reason, "exit_code": self.worst, "notebooks": runs}


def publish_many(
    plans: Sequence[str | Path],
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
    """Write the reports of several plans, each into a folder of its own, and a page that compares them.

    Parameters
    ----------
    plans : sequence of str or Path
        Plan files and exports; one that is there twice is taken once.
    out : str or Path
        Folder of all: ``index.html`` compares, ``SERVICE/index.html`` is a report.
    only, parameters, jobs, progress, cell_timeout, notebooks, cache
        As `publish` takes them; `jobs` is over all plans.
    timeout : float
        Longest time for one plan; everything may take as often as long as there are plans. [s]

    Returns
    -------
    Outcome
        A plan that failed is in the comparison with its reason. When no report is complete, the folder asked for
        is as it was.

    Raises
    ------
    UsageError
        If a parameter or the folder is not as documented; nothing has started.
    Busy
        If another run writes the same folder.
    OSError
        If the reports cannot be written; the earlier ones are untouched.
    """
    from capacity.report.execution.kernels import Kernels

    chosen = pages.choose(notebooks or pages.notebooks_folder(), only)
    values = checked(parameters or {}, chosen)
    paths = list({_place(plan): str(Path(plan).absolute()) for plan in plans}.values())
    services = [_service(Question(path, values, {})) for path in paths]
    for service, slug in zip(services, slugs([(one.name, one.plan) for one in services]), strict=True):
        service.slug = slug
    out = Path(out).absolute()
    made = {f"{one.slug}/{name}" for one in services for name in pages.page_names(chosen).values()}
    refuse(out, made | {"index.html"} if only else None)
    with folder.only_writer(out), Kernels(timeout * len(services), cell_timeout) as kernels:
        _Pool(chosen, kernels, cache, progress, services).work(workers(jobs))
        return _put(services, out, values)


def told_without(folder: Path, problem: Exception) -> tuple[str, int]:
    """Say what the problem is; of files in a folder their name only, for a page tells no path of this machine."""
    reason, exit_code = told(problem)
    return reason.replace(f"{folder}/", ""), exit_code


def _place(plan: str | Path) -> str:
    """Return where a plan really is, so that one named twice is taken once."""
    try:
        return os.path.realpath(plan)
    except ValueError:  # no path at all, which is told when it is opened
        return str(plan)


def _service(question: Question) -> Service:
    """Name a plan after its service; one that is refused is named after its file."""
    from capacity.plan import Plan

    service = Service(question, Path(question.plan).name)
    try:
        service.name = str(Plan.open(question.plan).service.name)
    except Exception as problem:  # it is one of many
        service.refuse(problem)
    return service


@dataclass
class _Pool:
    """The work on all plans: first the studies, and the notebooks of each when its study is there."""

    notebooks: Sequence[Path]
    kernels: Kernels
    cache: Cache
    progress: Progress | None
    services: Sequence[Service]
    _done: int = 0

    def work(self, jobs: int) -> None:
        """Do it all, as much at a time as wanted."""
        with self.kernels.pool(jobs) as pool:
            good = [one for one in self.services if not one.reason]
            waiting: dict[Future[Any], tuple[Service, Callable[[Service, Any], Iterable[Path]]]] = {
                pool.submit(self._study, one): (one, self._studied) for one in good
            }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    service, follow = waiting.pop(future)
                    for path in self._followed(service, follow, future):
                        then = pool.submit(run_and_keep, path, service.question, service.memory, self.kernels)
                        waiting[then] = (service, self._ran)

    def _study(self, service: Service) -> tuple[Studied, Run]:
        service.memory = Memory(self.cache, service.question)
        return service.memory.study_apart(self.kernels)

    def _followed(
        self, service: Service, follow: Callable[[Service, Any], Iterable[Path]], future: Future[Any]
    ) -> list[Path]:
        """Take a result in, and list the notebooks to be run next; a fault is that of this plan only."""
        try:
            return list(follow(service, future.result()))
        except Exception as problem:
            if not service.reason:
                service.refuse(problem)
                self._tell(service, Run("study", "failed", 0.0))
            return []

    def _studied(self, service: Service, result: tuple[Studied, Run]) -> list[Path]:
        service.report = report = Report(service.question, self.notebooks, result[0], up="../index.html")
        self._tell(service, result[1])
        known = {p: notebook for p in self.notebooks if (notebook := service.memory.notebook(p)) is not None}
        report.recall(known, lambda run, done, total: self._tell(service, run))
        return [path for path in self.notebooks if path not in known]

    def _ran(self, service: Service, result: tuple[Run, Any]) -> list[Path]:
        if service.report:
            service.report.add(*result)
            self._tell(service, result[0])
        return []

    def _tell(self, service: Service, run: Run) -> None:
        self._done += 1
        if self.progress:
            alive = sum(not one.reason for one in self.services)
            total = max(alive * (len(self.notebooks) + 1), self._done)
            self.progress(replace(run, name=f"{service.slug} {run.name}"), self._done, total)


def _put(services: Sequence[Service], out: Path, values: Mapping[str, Any]) -> Outcome:
    """Put everything that was made in place, with the comparison."""
    problems = tuple(problem for one in services for problem in one.problems)
    code = worst(one.worst for one in services)
    reports = [one.report for one in services if one.report]
    if not reports:
        return Outcome(None, False, problems, code)
    complete = any(report.status == "complete" for report in reports)
    rows = list(_rows(services))
    made = _together([one.plan.name for one in services], values, reports)
    files = comparison.files(rows, made)
    for one in services:
        own = one.report.files if one.report else {}
        files |= {f"{one.slug}/{name}": content for name, content in own.items()}
    target = out if complete else failed(out)
    told = {"status": "complete" if not code else "incomplete", "exit_code": code, **made.told}
    folder.replace(target, files, told | {"reports": [one.told for one in services]})
    if complete:
        folder.discard(failed(out))
    return Outcome(target, complete, problems, code)


def _rows(services: Sequence[Service]) -> Iterator[tuple[Summary, str | None]]:
    """Yield the row of each service and the address of its report; those of one name are told apart."""
    often = Counter(visible(one.name).casefold() for one in services)
    for one in services:
        alike = often[visible(one.name).casefold()] > 1
        row = replace(one.summary, service=f"{one.name} ({one.slug})") if alike else one.summary
        yield row, f"{one.slug}/index.html" if one.report else None


def _together(plans: Sequence[str], values: Mapping[str, Any], reports: Sequence[Report]) -> pages.Making:
    checksums = frozenset(row["sha256"] for report in reports for row in report.studied.inputs)
    command = shlex.join(["capacity", "report", *plans, *pages.as_options(values)])
    terms = (("Plans", ", ".join(plans)), ("Parameters", pages.as_words(values)))
    return pages.Making(command, terms, checksums, reports[0].making.made)
