"""What stands around a notebook's cells on its page: names, links, the outline, and how the page was made."""

from __future__ import annotations

import datetime as dt
import html
import platform
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capacity import origin
from capacity.display import table
from capacity.errors import UsageError
from capacity.fields import did_you_mean, shown
from capacity.wording import visible

PLAN = "capacity-plan"
_NOTEBOOK_LINK = re.compile(r'<a href="(?P<stem>[A-Za-z0-9_-]+)\.ipynb">(?P<words>.*?)</a>', re.DOTALL)
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


def links(pages: Mapping[str, str], current: str, up: str = "") -> list[dict[str, Any]]:
    """List the links between the pages, and first the one to the page above them, if there is one."""
    above = [{"label": "All services", "href": up, "current": False}] if up else []
    return above + [
        {"label": _short(stem).replace("-", " ").capitalize(), "href": page, "current": stem == current}
        for stem, page in pages.items()
    ]


def with_links(content: str, names: Mapping[str, str]) -> str:
    """Let links to other notebooks lead to their pages; of one without a page only the words are left.

    Examples
    --------
    >>> with_links('<a href="01-evidence.ipynb">why</a>', {"01-evidence": "01-evidence.html"})
    '<a href="01-evidence.html">why</a>'
    >>> with_links('<a href="01-evidence.ipynb">why</a>', {})
    'why'
    """

    def led(link: re.Match[str]) -> str:
        page = names.get(link["stem"])
        return f'<a href="{page}">{link["words"]}</a>' if page else link["words"]

    return _NOTEBOOK_LINK.sub(led, content)


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
    """How pages are made: what each tells at its foot, and the status file as well.

    Parameters
    ----------
    command : str
        The command that makes them again, in the folder of the plan.
    terms : tuple of (str, str)
        What is particular to them, for reading.
    checksums : collection of str
        SHA-256 of each input file.
    made : datetime
        When.
    """

    command: str
    terms: tuple[tuple[str, str], ...]
    checksums: Collection[str]
    made: dt.datetime

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Terms and what they were, for reading: first what is particular to the pages."""
        return [
            *self.terms,
            ("Data", f"checksum {origin.data_checksum(self.checksums)} over all input files"),
            ("Software", f"{origin.software()}, Python {platform.python_version()}"),
            ("Packages", origin.packages()),
            ("Time", f"{self.made:%Y-%m-%d %H:%M} UTC"),
        ]

    @property
    def told(self) -> dict[str, Any]:
        """The same for the status file."""
        facts = {term.lower(): text for term, text in self.facts}
        return {"made": self.made.isoformat(timespec="seconds"), "command": self.command, **facts}

    def about(
        self,
        title: str,
        subject: str,
        links: Sequence[Mapping[str, Any]],
        *,
        names: Mapping[str, str] | None = None,
        failure: str = "",
        inputs: str = "",
        left_out: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What stands around the cells of a page.

        Parameters
        ----------
        title, subject : str
            What the page answers, and about what.
        links : sequence of mapping
            The pages beside it, as `links` lists them.
        names : mapping, optional
            Page of each notebook that its text may refer to.
        failure : str
            Why it is not complete.
        inputs : str
            The input files as HTML.
        left_out : mapping, optional
            Files that could not be made, and why.
        """
        return {
            "title": title,
            "service": visible(subject),
            "links": list(links),
            "names": dict(names or {}),
            "failure": failure,
            "facts": self.facts,
            "command": self.command,
            "inputs": inputs,
            "left_out": dict(left_out or {}),
        }


def inputs_html(inputs: Sequence[Mapping[str, Any]]) -> str:
    """Show the input files with their checksums."""
    import pandas as pd

    frame = pd.DataFrame(inputs)
    columns = ("test", "role", "file", "tool", "dialect", "sha256", "size")
    wanted = [name for name in columns if name in frame]
    return table(frame[wanted], "Input files (plan.json has the whole checksums)")._repr_html_()


def as_options(parameters: Mapping[str, Any]) -> list[str]:
    """Write parameters as on the command line."""
    return [part for name, value in parameters.items() for part in ("-p", f"{name}={_written(value)}")]


def as_words(parameters: Mapping[str, Any]) -> str:
    """Write parameters for reading."""
    given = ", ".join(f"{name} = {_written(value)}" for name, value in parameters.items())
    return given or "as in the plan"


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
