"""``artillery-results``: what a report says, for people (table), spreadsheets (csv) and programs (json)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from artillery_results_parser import printing
from artillery_results_parser.errors import ArtilleryError
from artillery_results_parser.report import load
from artillery_results_parser.script import load_script

_FORMATS = ("table", "csv", "json")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True)
@click.option("--script", "scripts", is_flag=True, help="The files are test scripts: print their phases.")
@click.option("--environment", help="With --script: the environment to apply, as in artillery run -e.")
@click.option(
    "--metrics-namespace", help="The metricsNamespace of the metrics-by-endpoint plugin, if it was set."
)
def main(
    files: tuple[str, ...], form: str, scripts: bool, environment: str | None, metrics_namespace: str | None
) -> None:
    """Print the totals, endpoints and periods of Artillery result FILEs, of any version, plain or gzip.

    Exit code 0: all read. 2: wrong usage. 3: a file could not be read; the others are printed.
    """
    if environment is not None and not scripts:
        raise click.UsageError("--environment needs --script: a report does not name environments")
    _never_fail_to_print()

    def read(file: str) -> printing.Readable:
        if scripts:
            return load_script(file, environment=environment)
        return load(file, metrics_namespace=metrics_namespace) if metrics_namespace else load(file)

    found, failures = _read_all(files, read)
    if found or form == "json":
        click.echo(printing.FORMS[form](found), nl=False)
    for failure in failures:
        click.echo(f"artillery-results: {failure}", err=True)
    sys.exit(3 if failures else 0)


def _read_all(
    files: tuple[str, ...], read: Callable[[str], printing.Readable]
) -> tuple[list[printing.Readable], list[ArtilleryError]]:
    found: list[printing.Readable] = []
    failures: list[ArtilleryError] = []
    for file in files:
        try:
            found.append(read(file))
        except ArtilleryError as error:
            failures.append(error)
    return found, failures


def _never_fail_to_print() -> None:
    """Escape what the terminal's encoding lacks instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
