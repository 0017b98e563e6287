"""Names from strangers through a whole report, in a real browser without a network: shown as text, and nothing else."""

import csv
import html
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import nbformat
import nbformat.v4
import pandas as pd
import pytest
import yaml

from capacity.display import banner, figure, prose, table, terms, tiles
from capacity.report import exporting
from capacity.report.publish import publish
from capacity.wording import visible

NAMES = [
    name
    for group in json.loads(Path(__file__).with_name("hostile.json").read_text()).values()
    for name in group
]
ENDPOINTS = "plugins.metrics-by-endpoint"
SOME = NAMES[::2]  # of endpoints: each costs a fit
LOOKS = [visible(name, None) for name in NAMES]


def harmless(name: str) -> str:
    """A name as long, its spaces at the same places; those that look the same look the same as well."""
    first, again = LOOKS.index(visible(name, None)), NAMES.index(name)
    letters = (" " if character == " " else chr(0x4E00 + first) for character in LOOKS[first])
    return "".join(letters) + "\u200b" * (again - first) if LOOKS[first] else name


SEEN = """
const told = ['style', 'class', 'role', 'scope', 'type', 'http-equiv', 'content', 'name', 'colspan'];
const attribute = a => told.includes(a.name) ? a.name + '=' + a.value : a.name;
return {
    ran: document.documentElement.dataset.ran || null,
    elements: [...document.querySelectorAll('*:not(span[style="white-space:nowrap"])')]  // dates kept on a line
        .map(e => [e.tagName, ...[...e.attributes].map(attribute)].join(' ')),
    cells: [...document.querySelectorAll('td, th')].map(e => e.textContent),
    said: document.body.textContent + [...document.images].map(image => image.alt).join(' '),
    links: [...document.links].map(link => link.getAttribute('href')),
    drawings: [...document.images].map(image => image.src),
    broken: [...document.images].filter(image => !image.naturalWidth).length,
}
"""


@dataclass(frozen=True)
class Page:
    """What a browser made of a page: what it did, and what it shows."""

    asked: list[str]
    dialogs: list[str]
    console: list[str]
    ran: str | None
    elements: list[str]
    cells: list[str]
    said: str
    links: list[str]
    drawings: list[str]
    broken: int

    @property
    def did(self) -> tuple[Any, ...]:
        """Anything a page of text does not do."""
        return (*self.asked, *self.dialogs, *self.console, *([self.ran] if self.ran else []))


def shown(browser: Any, path: Path) -> Page:
    """Open a page and tell what came of it."""
    browser.get_log("performance")
    browser.get(path.as_uri())
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    dialogs = [
        event["params"]["message"] for event in events if event["method"] == "Page.javascriptDialogOpening"
    ]
    return Page(
        asked=[url for url in urls if not url.startswith("data:") and url != path.as_uri()],
        dialogs=dialogs,
        console=[entry["message"] for entry in browser.get_log("browser")],
        **browser.execute_script(SEEN),
    )


def export(source: Path, names: list[str]) -> str:
    """Our recorded run, the requests for / spread over endpoints of these names; errors and scenarios have them too."""
    tree = json.loads(source.read_text())
    counted: Counter[str] = Counter()
    for number, part in enumerate(tree["intermediate"]):
        counters = {
            key: n for key, n in part["counters"].items() if not key.startswith(f"{ENDPOINTS}./.codes.")
        }
        for key in part["counters"].keys() - counters.keys():
            counters |= _spread(
                part["counters"][key], [f"{ENDPOINTS}.{name}.codes.{key[-3:]}" for name in names]
            )
        created = counters.pop("vusers.created_by_name.browse", 0)
        counters |= _spread(created, [f"vusers.created_by_name.{name}" for name in names])
        counters |= {f"errors.{name}": 1 for name in names if number == 1}
        part["counters"] = counters
        counted.update(counters)
        _spread_times(part["summaries"], names)
    tree["aggregate"]["counters"] = dict(counted)
    _spread_times(tree["aggregate"]["summaries"], names)
    for part in (tree["aggregate"], *tree["intermediate"]):
        part.pop("histograms", None)
    return json.dumps(tree)


def _spread(count: int, keys: list[str]) -> dict[str, int]:
    each, more = divmod(count, len(keys))
    return {key: each + (number < more) for number, key in enumerate(keys)}


def _spread_times(summaries: dict[str, Any], names: list[str]) -> None:
    times = summaries.pop(f"{ENDPOINTS}.response_time./", None)
    if times:
        few = {**times, "count": max(times["count"] // len(names), 1)}
        summaries |= {f"{ENDPOINTS}.response_time.{name}": few for name in names}


def quoted(text: str) -> str:
    """A text as TOML writes it, without a character that is not ASCII."""
    plain = (c if " " <= c <= "~" and c not in '"\\' else f"\\U{ord(c):08X}" for c in text)
    return f'"{"".join(plain)}"'


def stated(call: Callable[[str], str]) -> list[str]:
    """Names a plan file takes: something can be seen of them, and TOML has no lone surrogates."""
    return [call(name) for name in NAMES if visible(name) and name == name.encode("utf-8", "ignore").decode()]


def plan(call: Callable[[str], str], shop: Path) -> str:
    """A plan that says such names wherever it says one."""
    names = [quoted(name) for name in stated(call)]
    day = (f'"2026-{11 + number // 28}-{1 + number % 28:02}"' for number in range(10**6))
    events = (f"{{ name = {name}, date = {next(day)}, multiplier = [1, 1.1, 1.2] }}" for name in names[:30])
    parts = [
        f'[service]\nname = {quoted(call(NAMES[0]))}\n[tests]\nstress = "run.json"\nscript = "{shop}/basic.yml"',
        "[slo]\np95_ms = 180\n[demand]\ncurrent_peak = 200\ngrowth_per_month = [0.01, 0.02, 0.03]\n"
        f"horizon_days = 60\nevents = [{', '.join(events)}]",
        '[cost]\ncurrency = "USD"\ninstance_per_month = 50',
        *(f"[[limit]]\nname = {name}\nrate = {900 + number}" for number, name in enumerate(names[30:50])),
        *(f"[[size]]\nname = {name}\ncapacity_factor = 2\ninstance_per_month = 95" for name in names[50:52]),
        *(
            f"[[attestation]]\ngate = {name}\npassed = false\nlink = {name}\nnote = {name}"
            for name in names[52:]
        ),
        *(f'[[claim]]\nquantity = "p95_ms"\nvalue = 500\nendpoint = {name}' for name in names[::4]),
    ]
    return "\n".join(parts)


def write_all_notebooks_as_one(repository: Path, folder: Path) -> Path:
    """One kernel for the cells of all but the what-if, which shows numbers only: the study is computed once."""
    paths = [
        path for path in sorted((repository / "notebooks").glob("*.ipynb")) if "what-if" not in path.name
    ]
    notebooks = [nbformat.read(path, as_version=4) for path in paths]
    one = notebooks.pop()
    assert one.cells[1].metadata.tags == ["parameters"]
    one.cells += [cell for notebook in notebooks for cell in notebook.cells[4:]]
    for number, cell in enumerate(one.cells):
        cell.id = f"cell-{number}"
    folder.mkdir()
    nbformat.write(one, folder / "capacity-plan.ipynb")
    return folder


@pytest.fixture(scope="module")
def reports(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two reports by papermill: of hostile names, and of harmless ones as long."""
    made, shop = {}, repository / "data" / "storefront"
    notebooks = write_all_notebooks_as_one(repository, tmp_path_factory.mktemp("notebooks") / "all")
    for kind, call in (("hostile", str), ("harmless", harmless)):
        folder = tmp_path_factory.mktemp(kind)
        (folder / "run.json").write_text(export(shop / "basic.json", [call(name) for name in SOME]))
        (folder / "plan.toml").write_text(plan(call, shop))
        outcome = publish(folder / "plan.toml", folder / "report", notebooks=notebooks)
        assert outcome.complete, outcome.problems
        made[kind] = outcome.folder
    return made


@pytest.fixture(scope="module")
def pages(browser: Any, reports: dict[str, Path]) -> dict[str, dict[str, Page]]:
    """What the browser makes of the pages of both."""
    return {
        kind: {path.name: shown(browser, path) for path in sorted(folder.glob("*.html"))}
        for kind, folder in reports.items()
    }


def test_no_name_does_anything(pages: dict[str, dict[str, Page]]) -> None:
    """No script, no request, no dialog, no message, no broken drawing."""
    for name, page in pages["hostile"].items():
        assert page.did == (), name
        assert page.drawings, name
        assert page.broken == 0, name


def test_no_name_adds_an_element(pages: dict[str, dict[str, Page]]) -> None:
    """Elements, attributes and links are those of the report with harmless names; rows may stand in another order."""
    assert pages["hostile"].keys() == pages["harmless"].keys()
    for name, page in pages["hostile"].items():
        assert Counter(page.elements) == Counter(pages["harmless"][name].elements), name
        assert page.links == pages["harmless"][name].links, name


def test_every_name_is_shown_as_text(pages: dict[str, dict[str, Page]]) -> None:
    """Every endpoint of the export names its row, cleaned; every name of the plan is somewhere to be read."""
    rows = pages["hostile"]["index.html"].cells
    assert [name for name in SOME if visible(name, 600) not in rows] == []
    said = [page.said for page in pages["hostile"].values()]
    drawn = [text for page in pages["hostile"].values() for svg in page.drawings for text in texts(svg)]
    unsaid = [
        name
        for name in stated(str)
        if not any(visible(name, 40).rstrip("…") in text for text in said + drawn)
    ]
    assert unsaid == []


def texts(address: str) -> list[str]:
    """Read the texts of a drawing from its address."""
    head, _, data = address.partition(",")
    svg = unquote_to_bytes(data)
    if head.endswith("base64"):
        import base64

        svg = base64.b64decode(svg)
    tree = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return ["".join(element.itertext()) for element in tree.iter("{http://www.w3.org/2000/svg}text")]


def test_other_programs_read_the_same_files(reports: dict[str, Path]) -> None:
    """Every file is there for both, under the root, read by its own parser; no cell is a formula."""
    files = {
        kind: {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for kind, folder in reports.items()
    }
    assert files["hostile"] == files["harmless"]
    folder = reports["hostile"]
    assert json.loads((folder / "plan.json").read_bytes())["service"] == NAMES[0]
    assert json.loads((folder / "status.json").read_bytes())["status"] == "complete"
    for path in [*folder.glob("*.yml"), *folder.glob("*.yaml")]:
        assert isinstance(yaml.safe_load(path.read_bytes()), dict), path.name
    cells = [
        cell
        for row in csv.reader(io.StringIO((folder / "actions.csv").read_text(), newline=""))
        for cell in row
    ]
    assert len(cells) > 100
    assert [
        cell for cell in cells if cell.lstrip("\ufeff \u00a0\u3000")[:1] in tuple("=+-@\t\r\0＝＋－＠")
    ] == []


RESULTS: Mapping[str, Callable[[list[str]], Any]] = {
    "cells": lambda names: table(pd.DataFrame({"endpoint": names, "p95": 0.1}), names[0]),
    "index": lambda names: table(pd.DataFrame({"p95": 0.1}, index=pd.Index(names, name=names[2])), "Index"),
    "prose": lambda names: prose(*names),
    "banner": lambda names: banner(names[0], *names, tone="bad", remark=names[1]),
    "figure": lambda names: figure(
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", "; ".join(names) + ".", names[0]
    ),
    "terms": lambda names: terms(dict(zip(names, reversed(names), strict=True))),
    "tiles": lambda names: tiles(
        pd.DataFrame({"quantity": names, "estimate": 0.1, "method": names, "provenance": names})
    ),
}


def page_of(names: list[str], *, policy: bool = True) -> bytes:
    """Page with each kind of result, and names around the cells."""
    outputs = [
        nbformat.v4.new_output("display_data", data={"text/html": make(names)._repr_html_()})
        for make in RESULTS.values()
    ]
    outputs += [
        nbformat.v4.new_output("stream", name=name, text="\n".join(names[:50]))
        for name in ("stdout", "stderr")
    ]
    outputs.append(nbformat.v4.new_output("display_data", data={"text/plain": names[0]}))
    cell = nbformat.v4.new_code_cell("names", outputs=outputs, metadata={"tags": []})
    facts = list(zip(names, names, strict=True))
    link = {"label": names[3], "href": "index.html", "current": True}
    around = {
        "title": names[4],
        "service": names[5],
        "links": [link],
        "failure": names[6],
        "command": names[7],
    }
    around |= {"facts": facts, "inputs": "", "left_out": dict(facts)}
    made = exporting.page(nbformat.v4.new_notebook(cells=[cell]), around, Path("plan.toml"))
    return made if policy else made.replace(b"Content-Security-Policy", b"x-none")


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Callable[[bytes], Page]:
    """Open a page given as bytes."""

    def open_it(content: bytes) -> Page:
        path = tmp_path / "page.html"
        path.write_bytes(content)
        return shown(browser, path)

    return open_it


PLAIN = [name for name in NAMES if visible(name)]


def test_escaping_holds_without_the_policy(opened: Callable[[bytes], Page]) -> None:
    """The page does nothing and has no element more, though nothing else would stop it."""
    page = opened(page_of(PLAIN, policy=False))
    assert page.did == ()
    assert page.elements == opened(page_of([harmless(name) for name in PLAIN], policy=False)).elements


def test_the_policy_holds_without_escaping(
    opened: Callable[[bytes], Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raw names add elements to a page, but run nothing and reach nothing."""
    monkeypatch.setattr(html, "escape", lambda text, quote=True: text)
    page = opened(page_of(PLAIN))
    assert (page.ran, page.dialogs) == (None, [])


def test_these_tests_would_notice(opened: Callable[[bytes], Page], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without both, names run and ask for addresses, and the elements are others."""
    armed = [name for name in PLAIN if "ran=1" in name]
    usual = opened(page_of([harmless(name) for name in armed], policy=False)).elements
    monkeypatch.setattr(html, "escape", lambda text, quote=True: text)
    page = opened(page_of(armed, policy=False))
    assert page.ran == "1"
    assert page.asked
    assert page.elements != usual
