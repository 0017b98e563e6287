"""Every page of a report in a real browser, without a network: at phone and laptop width, in light and dark.

`CAPACITY_REPORT` may name the folder of a report to look at in place of the storefront's. `CAPACITY_AXE` names
the file `axe.min.js` of the accessibility checker axe-core, which ``make test-browser`` installs.
"""

import ast
import os
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

import capacity as cap
from capacity.report import exporting, pages

WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
MOST_BYTES = 150_000
MADE = {
    "facts": [("Plan", "plan.toml"), ("Software", "capacity 0.1.0 (6004e46077e7), Python 3.11.7")],
    "command": "capacity report plan.toml",
    "left_out": {"hpa.yaml": "the plan names no cluster"},
}
OUTLINE = """return {
    headings: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(heading => Number(heading.tagName[1])),
    scripts: document.querySelectorAll('script, iframe, object, embed').length,
    first: document.head.firstElementChild.httpEquiv,
    policy: document.head.firstElementChild.content,
    language: document.documentElement.lang,
    landmarks: ['header', 'main', 'footer', 'nav[aria-label]'].filter(name => !document.querySelector(name)),
    current: [...document.querySelectorAll('nav [aria-current="page"]')].length,
    lost: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.querySelector(a.hash)).length,
    images: [...document.images].filter(image => !image.alt.trim() || !image.naturalWidth).map(image => image.alt),
    tables: [...document.querySelectorAll('table')].filter(table =>
        !table.caption || [...table.querySelectorAll('th')].some(cell => !cell.scope)).length,
}"""
CUT_OFF = """return [...document.querySelectorAll('main *, footer *')]
    .filter(element => !element.closest('.unseen') && getComputedStyle(element).overflowX != 'visible')
    .filter(element => element.scrollWidth > element.clientWidth + 1 && element.tagName != 'THEAD')
    .map(element => element.className + ': ' + element.textContent.trim().slice(0, 60))"""
UNLABELLED = """return [...document.querySelectorAll('tbody td[data-label]')]
    .filter(cell => getComputedStyle(cell).display == 'grid')
    .filter(cell => !getComputedStyle(cell, '::before').content.includes(cell.dataset.label.slice(0, 9))).length"""
VIOLATIONS = """const done = arguments[arguments.length - 1]
document.querySelectorAll('details').forEach(fold => fold.open = true)
axe.run().then(found => done(found.violations.map(rule => rule.id + ' at ' + rule.nodes[0].html)))"""


def executed(notebook: Path, study: cap.Study) -> Any:
    """Notebook with the outputs of its cells, run here on a study that is already computed."""
    read = nbformat.read(notebook, as_version=4)
    given = {"cap": cap, "study": study}
    for cell in read.cells:
        cell.metadata.setdefault("tags", [])
        if cell.cell_type == "code" and cell.id not in {"parameters", "imports", "load"}:
            shown = run(cell.source, given)
            bundle = nbformat.v4.new_output("display_data", data=shown) if shown else None
            cell.outputs = [bundle] if bundle else []
    return read


def run(source: str, given: dict[str, Any]) -> dict[str, str] | None:
    """Run a cell; return its last expression as HTML."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), given)  # noqa: S102 - our own notebooks
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), given) if last else None  # noqa: S307
    return None if value is None else {"text/html": value._repr_html_()}


@pytest.fixture(scope="session")
def report(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Pages of a report: those in `CAPACITY_REPORT`, or the notebooks on the storefront plan."""
    if "CAPACITY_REPORT" in os.environ:
        return sorted(Path(os.environ["CAPACITY_REPORT"]).absolute().rglob("*.html"))
    folder = tmp_path_factory.mktemp("report")
    study = cap.Study.load(repository / "data" / "storefront" / "plan.toml")
    notebooks = pages.choose(repository / "notebooks")
    names = pages.page_names(notebooks)
    inputs = cap.table(study.inputs[["role", "file", "sha256", "size"]], "Input files")._repr_html_()
    for path in notebooks:
        done = executed(path, study)
        about = {"title": pages.title_in(done.cells), "service": "storefront", "inputs": inputs, **MADE}
        about |= {"links": pages.links(names, path.stem), "failure": ""}
        (folder / names[path.stem]).write_bytes(exporting.page(done, about))
    return sorted(folder.iterdir())


Shown = Callable[[str, int], None]
Requested = Callable[[Path], list[str]]


@pytest.fixture(params=[(scheme, width) for scheme in SCHEMES for width in WIDTHS], ids=str)
def opened(
    request: pytest.FixtureRequest, browser: Any, report: list[Path], shown_in: Shown
) -> Callable[[], Iterator[str]]:
    """Open page after page in a colour scheme and width; tell the name of each."""
    shown_in(*request.param)

    def one_by_one() -> Iterator[str]:
        for path in report:
            browser.get(path.as_uri())
            yield path.name

    return one_by_one


def test_a_page_asks_for_nothing_and_complains_of_nothing(
    browser: Any, report: list[Path], requested: Requested
) -> None:
    """No request leaves a page, and the console stays empty."""
    browser.get_log("browser")
    assert {path.name: asked for path in report if (asked := requested(path))} == {}
    assert browser.get_log("browser") == []


def test_a_page_is_light(report: list[Path]) -> None:
    """At most 150 kB each, as mail and old phones like it."""
    assert {path.name: size for path in report if (size := path.stat().st_size) > MOST_BYTES} == {}


def test_a_page_is_built_for_ear_and_keyboard(browser: Any, report: list[Path]) -> None:
    """Policy first, no script, one h1, no level skipped, landmarks, texts for images, scopes in tables."""
    for path in report:
        browser.get(path.as_uri())
        found = browser.execute_script(OUTLINE)
        levels = found.pop("headings")
        assert levels.count(1) == 1, path.name
        assert all(after <= before + 1 for before, after in pairwise(levels)), path.name
        assert found.pop("policy").startswith("default-src 'none'")
        nothing = {"scripts": 0, "lost": 0, "landmarks": [], "images": [], "tables": 0}
        assert found == {"first": "Content-Security-Policy", "language": "en", "current": 1, **nothing}, (
            path.name
        )


def test_links_lead_from_page_to_page(report: list[Path]) -> None:
    """Every relative link is to a file that is there."""
    for path in report:
        links = re.findall(r'<a href="([^"#]+)', path.read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (path.parent / link).is_file()] == [], path.name


def test_nothing_is_cut_off(browser: Any, opened: Any) -> None:
    """Neither the page nor a table scrolls sideways, and stacked cells keep their headings."""
    for name in opened():
        assert browser.execute_script("return document.documentElement.scrollWidth - innerWidth") <= 0, name
        assert browser.execute_script(CUT_OFF) == [], name
        assert browser.execute_script(UNLABELLED) == 0, name


def test_every_text_can_be_read(opened: Any, lowest_contrast: Callable[[], float]) -> None:
    """Contrast of at least 4.5 to 1."""
    for name in opened():
        assert lowest_contrast() >= 4.5, name


def test_the_contents_are_folded_on_a_phone(browser: Any, report: list[Path], shown_in: Shown) -> None:
    """The answer comes first there; a laptop shows the list beside it."""
    listed = [path for path in report if '<nav class="outline"' in path.read_text(encoding="utf-8")]
    if not listed:
        pytest.skip("no page here has a list of contents: a comparison or a sweep has none")
    for width in WIDTHS:
        shown_in("light", width)
        browser.get(listed[0].as_uri())
        contents = browser.find_element("css selector", ".outline ul")
        assert contents.is_displayed() == (width > 1000)
    shown_in("light", WIDTHS[0])
    browser.find_element("css selector", ".outline summary").click()
    assert browser.find_element("css selector", ".outline ul").is_displayed()


def test_accessibility_checker_finds_nothing(browser: Any, opened: Any) -> None:
    """axe-core, every rule, everything unfolded: no violation."""
    axe = os.environ.get("CAPACITY_AXE")
    if not axe:
        pytest.skip("CAPACITY_AXE does not name axe.min.js of axe-core; run make test-browser")
    checker = Path(axe).read_text(encoding="utf-8")
    for name in opened():
        browser.execute_script(checker)
        assert browser.execute_async_script(VIOLATIONS) == [], name
