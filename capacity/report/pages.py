"""What stands around a notebook's cells on its page: names, links, the outline, and how the page was made."""

from __future__ import annotations

import datetime as dt
import html
import os
import platform
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from capacity.display import table
from capacity.errors import UsageError
from capacity.fields import did_you_mean, shown
from capacity.wording import visible

PLAN = "capacity-plan"
_HEADING = re.compile(r"<h([1-6])[^>]*>(.*?)</h\1>", re.DOTALL)


def notebooks_folder() -> Path:
    """Find the notebooks: beside this module when installed, else in the repository."""
    here = Path(__file__).resolve().parent
    installed = here / "notebooks"
    return installed if installed.is_dir() else here.parents[1] / "notebooks"


def choose(folder: Path, only: Sequence[str] = ()) -> list[Path]:
    """List the notebooks of a folder, the plan first, or only those named.

    Parameters
    ----------
    folder : Path
        Where the notebooks are.
    only : sequence of str
        Names such as ``02-capacity`` or ``capacity``; none means all.

    Raises
    ------
    UsageError
        If the folder has no notebook, or a name fits none.
    """
    found = sorted(folder.glob("*.ipynb"), key=lambda path: (path.stem != PLAN, path.name))
    if not found:
        raise UsageError(f"{visible(folder, 300)}: no notebook there; expected {PLAN}.ipynb and others")
    by_name = {path.stem: path for path in found} | {_short(path.stem): path for path in found}
    for name in only:
        if name not in by_name:
            allowed = [path.stem for path in found]
            near = did_you_mean(name, by_name)
            raise UsageError(f"notebook {shown(name)}: there is none; allowed: {', '.join(allowed)}{near}")
    return [path for path in found if not only or path in {by_name[name] for name in only}]


def _short(stem: str) -> str:
    return re.sub(r"^\d+-", "", stem)


def page_names(notebooks: Sequence[Path]) -> dict[str, str]:
    """Name the page of each notebook: the plan, or else the first, is index.html."""
    first = next((path for path in notebooks if path.stem == PLAN), notebooks[0])
    return {path.stem: "index.html" if path == first else f"{path.stem}.html" for path in notebooks}


def links(pages: Mapping[str, str], current: str) -> list[dict[str, Any]]:
    """List the links between the pages."""
    return [
        {"label": _short(stem).replace("-", " ").capitalize(), "href": page, "current": stem == current}
        for stem, page in pages.items()
    ]


def title_in(cells: Iterable[Mapping[str, Any]]) -> str:
    """Find the first heading in the cells of a notebook; empty when there is none."""
    prose = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    found = re.search(r"^# +(.+?)[ #]*$", prose, re.MULTILINE)
    return visible(found[1].replace("`", ""), 150) if found else ""


def outlined(content: str, title: str) -> tuple[str, list[tuple[str, str]]]:
    """Give every heading an identifier of its own, and list those of the second level.

    Examples
    --------
    >>> outlined("<h1>T</h1><h2>Why?</h2><h2>Why?</h2>", "T")[1]
    [('why', 'Why?'), ('why-2', 'Why?')]
    """
    outline: list[tuple[str, str]] = []
    taken = {"content"}

    def with_identifier(heading: re.Match[str]) -> str:
        level, inside = heading.groups()
        text = re.sub(r"<[^>]*>", "", inside).strip()
        identifier = _free(
            re.sub(r"[^a-z0-9]+", "-", html.unescape(text).lower()).strip("-") or "section", taken
        )
        taken.add(identifier)
        if level == "2":
            outline.append((identifier, text))
        return f'<h{level} id="{identifier}">{inside}</h{level}>'

    content = _HEADING.sub(with_identifier, content)
    return (content if "<h1" in content else f"<h1>{html.escape(title)}</h1>\n{content}"), outline


def _free(identifier: str, taken: set[str]) -> str:
    numbered = (f"{identifier}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (identifier, *numbered) if name not in taken)


@dataclass(frozen=True)
class Making:
    """How a report is made: what every page tells at its foot, and the status file as well."""

    plan: Path
    service: str
    parameters: Mapping[str, Any]
    seed: int
    inputs: Any
    made: dt.datetime

    @property
    def command(self) -> str:
        """The command that makes the report again, in the folder of the plan."""
        given = [
            part for name, value in self.parameters.items() for part in ("-p", f"{name}={_written(value)}")
        ]
        return shlex.join(["capacity", "report", self.plan.name, *given])

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Terms and what they were, for reading."""
        given = ", ".join(f"{name} = {_written(value)}" for name, value in self.parameters.items())
        return [
            ("Plan", self.plan.name),
            ("Parameters", given or "as in the plan"),
            ("Seed", str(self.seed)),
            ("Software", f"capacity {version('capacity')}, Python {platform.python_version()}"),
            ("Time", f"{self.made:%Y-%m-%d %H:%M} UTC"),
        ]

    def inputs_html(self) -> str:
        """Show the input files with their checksums."""
        wanted = [
            name
            for name in ("test", "role", "file", "tool", "dialect", "sha256", "size")
            if name in self.inputs
        ]
        return table(self.inputs[wanted], "Input files (plan.json has the whole checksums)")._repr_html_()


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def now() -> dt.datetime:
    """Return the time, or that of SOURCE_DATE_EPOCH, which makes reports comparable."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch.isdecimal() else dt.datetime.now(dt.UTC)
