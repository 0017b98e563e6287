"""The command line: ``capacity report | sweep | inspect | check | init | lab``.

Everything heavy is imported when a command needs it. Every problem is one line ``error: ...`` on stderr, and
the exit code tells its kind: 0 ok, 1 a notebook failed, 2 usage, 3 input data, 4 not ready (`check`),
5 time-out, 6 kernel died, 74 I/O, 75 busy, 130 and 143 interrupted. Of many plans the worst decides.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from capacity.errors import InputError, UsageError, told

if TYPE_CHECKING:
    from capacity.evidence.loadtest import LoadTest
    from capacity.report.kept.cache import Cache
    from capacity.report.publish import Outcome

_USAGE, _NOT_READY, _IO = 2, 4, 74


class _Interrupted(BaseException):
    """A signal asked us to stop."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    sys.exit(_exit_code(arguments))


def _interrupt(number: int, frame: FrameType | None) -> None:
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)  # leave in good order: kernels ended, temporary files removed
    raise _Interrupted(number)


def _exit_code(arguments: Sequence[str] | None) -> int:
    """Run a command; say what went wrong in a line each, and return the code for it."""
    try:
        code = commands.main(arguments, prog_name="capacity", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        return _say(f"{error.format_message()} (see: capacity --help)", _USAGE)
    except click.Abort:
        return 128 + signal.SIGINT
    except _Interrupted as interrupted:
        return _say("interrupted; nothing was replaced", interrupted.exit_code)
    except SystemExit:  # click's way to leave when it has told a shell, or when nobody reads what it prints
        return 0 if "_CAPACITY_COMPLETE" in os.environ else _IO
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains while leaving
        return _IO
    except Exception as problem:
        return _say(*told(problem))


def _say(message: str, code: int) -> int:
    from capacity.wording import visible

    for line in message.splitlines():
        click.echo(f"error: {visible(line, 1000)}", err=True)
    return code


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog='Completion in bash: eval "$(_CAPACITY_COMPLETE=bash_source capacity)"',
)
@click.version_option(package_name="capacity")
def commands() -> None:
    """From load-test exports to a capacity plan."""


_jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many at a time, over all plans.",
)
_no_cache = click.option(
    "--no-cache", is_flag=True, help="Compute everything anew; neither keep nor recall results."
)


@commands.command()
@click.argument("plans", nargs=-1, required=True, metavar="PLAN...")
@click.option("-o", "--output", default="report", show_default=True, help="Folder of the report.")
@click.option("--only", multiple=True, metavar="NAME", help="Run only this notebook (repeatable).")
@click.option(
    "-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="Set a notebook parameter."
)
@_jobs
@_no_cache
def report(
    plans: tuple[str, ...],
    output: str,
    only: tuple[str, ...],
    given: tuple[str, ...],
    jobs: int,
    no_cache: bool,
) -> int:
    """Write the report of PLAN (a plan file or an export): pages, plan.json and other files.

    Of several, each has a folder of its own, and index.html compares the services, the most urgent first.
    """
    from capacity.report.execution.progress import progress
    from capacity.report.publish import publish, workers

    options: dict[str, Any] = {"only": only, "parameters": _parameters(given), "jobs": jobs}
    options |= {"progress": progress(workers(jobs)), "cache": _cache(no_cache)}
    if len({os.path.abspath(plan) for plan in plans}) == 1:  # noqa: PTH100 - any text
        _must_exist(plans[0])
        return _told(output, publish(plans[0], output, **options))
    from capacity.report.several.batch import publish_many

    return _told(output, publish_many(plans, output, **options))


def _cache(no_cache: bool) -> Cache:
    from capacity.report.kept.cache import Cache

    return Cache() if no_cache else Cache.of_user()


def _told(output: str, outcome: Outcome) -> int:
    for problem in outcome.problems:
        _say(problem, 0)
    if outcome.complete:
        click.echo(Path(output) / "index.html")
        return outcome.exit_code
    where = f"the pages of this run are in {outcome.folder}" if outcome.folder else "nothing was written"
    return _say(f"{output} is as it was; {where}", outcome.exit_code)


@commands.command()
@click.argument("plan")
@click.option(
    "-p",
    "--parameter",
    "given",
    multiple=True,
    required=True,
    metavar="KEY=VALUES",
    help="Values of a key of the plan, with commas between: demand.horizon_days=90,180,360; "
    "100..500:50 is every 50th; a list is one value: [0.01,0.02,0.03] (repeatable).",
)
@click.option("-o", "--output", default="sweep", show_default=True, help="Folder of the comparison.")
@click.option(
    "--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of every random draw."
)
@_jobs
@_no_cache
def sweep(plan: str, given: tuple[str, ...], output: str, seed: int, jobs: int, no_cache: bool) -> int:
    """Study PLAN with every combination of some values, and compare the variants on one page."""
    _must_exist(plan)
    from capacity.report.execution.progress import progress
    from capacity.report.publish import workers
    from capacity.report.several.sweep import sweep, values_of

    keys = {key: values_of(text) for key, text in _parameters(given).items()}
    outcome = sweep(
        plan, keys, output, seed=seed, jobs=jobs, progress=progress(workers(jobs)), cache=_cache(no_cache)
    )
    return _told(output, outcome)


def _must_exist(*paths: str) -> None:
    from capacity.fields import no_such_file
    from capacity.wording import visible

    odd = [path for path in paths if path != path.encode("utf-8", "replace").decode()]
    if odd:
        raise UsageError(f"{visible(odd[0], 300)}: its name is not text in UTF-8; rename it")
    problems = [no_such_file(Path(path)) for path in paths if not os.path.exists(path)]  # noqa: PTH110 - any text
    if problems:
        raise UsageError("\n".join(problems))


def _parameters(given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name in values:
            problem = "given twice" if equals else "without a value"
            raise UsageError(f"parameter '{name}': {problem}; allowed: -p key=value, once for each key")
        values[name] = value
    return values


@commands.command()
@click.argument("exports", nargs=-1, required=True)
@click.option(
    "--script",
    "scripts",
    multiple=True,
    metavar="FILE",
    help="An Artillery script that made some of the exports (repeatable).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--next-test", metavar="FILE", help="Write the test to run next as an Artillery script.")
def inspect(exports: tuple[str, ...], scripts: tuple[str, ...], as_json: bool, next_test: str | None) -> int:
    """Show what the tests in EXPORTS measured and what they prove."""
    _must_exist(*exports, *scripts)
    runs, code = _readable(exports)
    if not runs:
        return code
    from capacity.inspection import Inspection

    inspection = Inspection(runs, scripts)
    result = inspection.to_dict()
    if as_json:
        import json

        click.echo(json.dumps(result, indent=2, allow_nan=False))  # ASCII: nothing a terminal would obey
    else:
        from capacity.report import text

        click.echo(text.inspection(result))
    if next_test:
        _write_next_test(inspection.next_script(), Path(next_test))
    return code


def _write_next_test(written: str, file: Path) -> None:
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(written)
    except FileExistsError:
        raise UsageError(f"{file}: exists already and is left as it is; give another name") from None
    click.echo(f"{file}: the test to run next; play it with `artillery run --output FILE {file}`", err=True)


def _readable(exports: Sequence[str]) -> tuple[list[LoadTest], int]:
    """Read the exports that can be read, and say of the others what is wrong with them."""
    from capacity.evidence.exports import read

    runs, code = [], 0
    for path in exports:
        try:
            runs.append(read(Path(path)))
        except InputError as error:
            code = _say(str(error), error.exit_code)
    return runs, code


@commands.command()
@click.argument("plan")
def check(plan: str) -> int:
    """Print the gates of PLAN, first those that failed; the exit code is 4 unless the verdict is ready."""
    _must_exist(plan)
    from capacity.document import read_every_input
    from capacity.report.text import gates
    from capacity.study import Study

    study = Study.load(plan)
    read_every_input(study)
    click.echo(gates(study.verdict))
    return 0 if study.verdict.ready else _NOT_READY


@commands.command()
@click.argument("exports", nargs=-1, required=True)
@click.option("-o", "--output", default="plan.toml", show_default=True, help="The plan file to write.")
def init(exports: tuple[str, ...], output: str) -> int:
    """Write a first plan for EXPORTS, every section explained."""
    _must_exist(*exports)
    runs, code = _readable(exports)
    usable = [run.file for run in runs]
    if code:
        return code
    from capacity.starter import starter

    text = starter(usable, output)
    try:
        with Path(output).open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(f"{output}: exists already; give another name with -o, or move it away") from None
    click.echo(f"{output}: written; next: capacity report {output}")
    return 0


@commands.command(context_settings={"ignore_unknown_options": True})
@click.argument("plan", required=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(plan: str | None, options: tuple[str, ...]) -> None:
    """Open the notebooks in JupyterLab; with PLAN, copies of them for it beside it. OPTIONS go to JupyterLab."""
    from importlib.util import find_spec

    from capacity.report.copies import copy_notebooks
    from capacity.report.pages import notebooks_folder

    if find_spec("jupyterlab") is None:
        raise UsageError("JupyterLab is not installed here; run: make lab")
    if plan and plan.startswith("-"):
        options, plan = (plan, *options), None
    folder = notebooks_folder()
    if plan:
        _must_exist(plan)
        folder = Path(plan).absolute().parent / f"{Path(plan).stem}-notebooks"
        copy_notebooks(Path(plan), folder)
        click.echo(f"{folder}: notebooks for {plan}; yours to change")
    sys.stdout.flush()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *options]
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    os.execve(sys.executable, command, environment)  # noqa: S606 - this interpreter, no shell


if __name__ == "__main__":
    main()
