"""What results depend on: a key that forgets an input would recall a wrong report.

The key is over every input by content, what was asked for, the notebook, our own code, the packages and Python.
More than is needed makes a result be computed once too often; less makes it wrong. So every text in a plan that
names a file counts as an input, whatever its key.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity import origin

_PACKAGES = ("capacity", "artillery_results_parser")
_NOT_CODE = {
    "__pycache__",
    "template",
    "notebooks",
}  # the template is applied anew, a notebook is in its key itself
_SUFFIXES = {".py", ".toml"}
_ENVIRONMENT = ("PYTHONPATH", "CAPACITY_COMPILE")


@dataclass(frozen=True)
class Basis:
    """Everything that the results of one plan depend on, besides the notebook.

    Parameters
    ----------
    inputs : dict of str to str
        SHA-256 of each file, by its path: the plan, and whatever files it names.
    given : str
        What is asked of the plan: parameters, and keys in place of its own.
    software : str
        Checksum of our own code, the packages, Python and the machine.
    """

    inputs: dict[str, str]
    given: str
    software: str

    @classmethod
    def of(cls, plan: Path, given: Mapping[str, Any]) -> Basis | None:
        """Look at everything as it is now; None where a file cannot be read: nothing may be kept of it.

        Parameters
        ----------
        plan : Path
            Plan file or export.
        given : mapping
            Parameters, and keys in place of the plan's own.
        """
        if not plan.is_file():  # a pipe can be read once only
            return None
        try:
            files = [plan, *_files_named(plan, given)]
            inputs = {str(path): _checksum(path) for path in files}
            return cls(inputs, _written(given), software())
        except (OSError, ValueError, RecursionError):
            return None

    def key(self, *about: str) -> str:
        """Return the key of one result.

        Parameters
        ----------
        *about : str
            Which result, and what it depends on besides.
        """
        return hashlib.sha256(_written([self.inputs, self.given, self.software, *about]).encode()).hexdigest()


def of_notebook(path: Path) -> list[str]:
    """List what a notebook is: its name, its content, and that of the modules beside it, which it could import."""
    return [path.stem, *(_checksum(file) for file in (path, *sorted(path.parent.glob("*.py"))))]


def software() -> str:
    """Return a checksum of our own code, as it is on disk now, the packages installed, Python and the machine."""
    root = Path(__file__).resolve().parents[3]
    code = {str(path.relative_to(root)): _checksum(path) for path in _code(root)}
    settings = {name: os.environ.get(name) for name in _ENVIRONMENT}
    told = [code, origin.software(), origin.installed(), sys.version, platform.platform(), settings]
    return hashlib.sha256(_written(told).encode()).hexdigest()


def _code(root: Path) -> Iterator[Path]:
    for package in _PACKAGES:
        for folder, within, files in os.walk(root / package):
            within[:] = sorted(set(within) - _NOT_CODE)
            yield from (Path(folder, name) for name in sorted(files) if Path(name).suffix in _SUFFIXES)


def _files_named(plan: Path, given: Mapping[str, Any]) -> list[Path]:
    """List the files that a plan names anywhere, or that were given in place of those."""
    stated = tomllib.loads(plan.read_text("utf-8-sig")) if plan.suffix.lower() == ".toml" else {}
    paths = {plan.parent / text for text in _texts([stated, dict(given)])}
    return sorted(path for path in paths if _is_file(path))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long a name
        return False


def _checksum(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _written(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
