"""The pages in a real browser, without a network: what they show, load and run."""

from pathlib import Path
from typing import Any

import nbformat.v4
import pandas as pd
import pytest

from capacity.display import banner, figure, prose, table
from capacity.report.kept.studied import Question, Studied
from capacity.report.publish import Report, Run
from capacity.report.several.summary import Summary
from capacity.wording import visible

RAN = "document.documentElement.dataset.ran=1"
HOSTILE = [
    f"<script>{RAN}</script>",
    f"<img src=x onerror='{RAN}'>",
    f'"><svg onload="{RAN}">',
    f"<iframe srcdoc='<script>parent.{RAN}</script>'>",
    f'<a href="javascript:{RAN}">link</a>',
    "</td></tr></table><h1>taken over",
    "<!-- no more",
    "&lt;script&gt; &amp; &#60;b&#62;",
    "{{7*7}} {% for x in y %} ${7*7} %s %(x)s",
    "a\x1b[31mred\x00\u202egnp.exe\u2069",
    "lone \ud800 surrogate",
    "[link](javascript:x) **bold** `code` $math$",
    "http://example.com/x.png",
    "' onmouseover='x",
    "x" * 100_000,
    "=cmd|' /C calc'!A0",
    "日本語 العربية ünï",
]
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{RAN}"><script>{RAN}</script></svg>'
BUNDLES = [
    {"text/html": table(pd.DataFrame({"endpoint": HOSTILE, "p95": 0.1}), HOSTILE[0])._repr_html_()},
    {"text/html": table(pd.DataFrame([[1.0] * len(HOSTILE)], columns=HOSTILE), "Columns")._repr_html_()},
    {"text/html": prose(*HOSTILE[:-3])._repr_html_()},
    {"text/html": banner(HOSTILE[0], HOSTILE[1], tone="bad")._repr_html_()},
    {"text/html": figure(SVG.encode(), alt=HOSTILE[2], caption=HOSTILE[3])._repr_html_()},
    {"image/svg+xml": SVG},
    {"text/plain": HOSTILE[0]},
    {"application/javascript": RAN, "text/plain": "script"},
    {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "widget"},
]
MARKUP = {
    "text/html": f"<script>{RAN}</script><img src=x onerror='{RAN}'><img src='http://127.0.0.1:9/x.png'>"
}


def page(*bundles: dict[str, Any], error: str = "") -> bytes:
    """Page of a notebook with these outputs."""
    outputs = [nbformat.v4.new_output("display_data", data=data) for data in bundles]
    outputs += [nbformat.v4.new_output("stream", name=name, text=HOSTILE[0]) for name in ("stdout", "stderr")]
    cells = [
        nbformat.v4.new_markdown_cell("# How many?\n\n## First\n\n## Second"),
        nbformat.v4.new_code_cell(f"x = {HOSTILE[0]!r}", outputs=outputs),
    ]
    return page_of(*cells, error=error)


def page_of(*cells: Any, error: str = "", left_out: dict[str, str] | None = None) -> bytes:
    """Page of a notebook with these cells."""
    for cell in cells:
        cell.metadata.setdefault("tags", [])
    inputs = [{"role": name, "file": name, "sha256": "ab" * 32} for name in HOSTILE]
    row = Summary(HOSTILE[0], "READY", "READY", "")
    studied = Studied(HOSTILE[0], 1, inputs, row, {}, left_out or {})
    notebooks = [Path("capacity-plan.ipynb"), Path("01-evidence.ipynb")]
    report = Report(Question("p.toml", {"x": HOSTILE[0]}, {}), notebooks, studied)
    name, page = ("capacity-plan", "index.html") if left_out else ("01-evidence", "01-evidence.html")
    run = Run(name, "failed" if error else "complete", 1.0, 2, error)
    report.add(run, nbformat.v4.new_notebook(cells=list(cells)))
    return report.files[page]


def code(source: str, shown: str = "", *tags: str) -> Any:
    """Code cell that shows a paragraph."""
    outputs = [nbformat.v4.new_output("display_data", data={"text/html": f"<p>{shown}</p>"})] if shown else []
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata={"tags": list(tags)})


def written(folder: Path, content: bytes) -> Path:
    """Path of the page with this content."""
    path = folder / "page.html"
    path.write_bytes(content)
    return path


def test_code_that_leads_to_an_output_is_folded_below_it() -> None:
    """With the code before it that showed nothing."""
    html = page_of(code("a = 1"), code("b = 2", "shown")).decode()
    assert html.index("shown") < html.index('<summary>Code<span class="unseen"> of cell 1 to 2</span>')
    assert html.count("<summary>Code") == 1


def test_code_tagged_to_be_hidden_waits_for_the_next_fold() -> None:
    """Its output stands alone; the code is still to be had."""
    html = page_of(code("a = 1"), code("b = 2", "shown", "hide-input"), code("c = 3", "in the end")).decode()
    assert html.index(">shown") < html.index("in the end") < html.index("<summary>Code") < html.index("b = 2")
    assert html.count("<summary>Code") == 1


def test_a_cell_without_code_shows_its_outputs() -> None:
    """As pages have that are not notebooks."""
    html = page_of(code("", "shown")).decode()
    assert "shown" in html
    assert "<summary>Code" not in html


def test_links_between_notebooks_lead_to_their_pages() -> None:
    """In JupyterLab they lead to the notebooks."""
    links = "[a](capacity-plan.ipynb) [b](01-evidence.ipynb)"
    html = page_of(nbformat.v4.new_markdown_cell(links)).decode()
    assert '<a href="index.html">a</a> <a href="01-evidence.html">b</a>' in html


def test_the_foot_says_what_was_left_out() -> None:
    """With its reason; without anything left out there is no such list."""
    told = page_of(code("a"), left_out={"hpa.yaml": "no <cluster>"}).decode()
    assert "<dt>hpa.yaml</dt><dd>no &lt;cluster&gt;</dd>" in told
    assert "Left out of the files" not in page_of(code("a")).decode()


@pytest.fixture(scope="module")
def seen(browser: Any, requested: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Browser on a page full of hostile names."""
    assert requested(written(tmp_path_factory.mktemp("page"), page(*BUNDLES, error=HOSTILE[1]))) == []
    return browser


def test_no_name_is_executed(seen: Any) -> None:
    """Nothing ran, nothing complained, nothing was added to the page."""
    assert seen.execute_script("return document.documentElement.dataset.ran") is None
    assert seen.get_log("browser") == []
    assert seen.execute_script("return document.querySelectorAll('script, iframe, svg, object').length") == 0
    assert seen.execute_script("return document.querySelectorAll('h1').length") == 1


def test_every_name_is_shown_as_text(seen: Any) -> None:
    """As itself, without what cannot be seen."""
    shown = seen.execute_script(
        "return [...document.querySelectorAll('.output tbody th')].map(cell => cell.textContent)"
    )
    assert shown[: len(HOSTILE)] == [visible(name, 600) for name in HOSTILE]


def test_a_page_finds_its_way_by_keyboard_and_ear(seen: Any) -> None:
    """Language, one main part, labelled navigation, and every link on the page leads somewhere."""
    assert seen.execute_script("return document.documentElement.lang") == "en"
    assert seen.execute_script("return document.querySelectorAll('main').length") == 1
    links = "[...document.querySelectorAll('a[href^=\"#\"]')]"
    assert seen.execute_script(f"return {links}.filter(a => !document.querySelector(a.hash)).length") == 0
    assert (
        seen.execute_script("return document.querySelectorAll('img:not([alt]), img[alt=\"\"]').length") == 0
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(seen: Any, shown_in: Any, lowest_contrast: Any, scheme: str) -> None:
    """Contrast of at least 4.5 to 1, in both colour schemes, of errors and messages as well."""
    shown_in(scheme, 1280)
    assert lowest_contrast() >= 4.5


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_never_scrolls_sideways(seen: Any, shown_in: Any, width: int) -> None:
    """Whatever is in a table."""
    shown_in("light", width)
    assert seen.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_policy_stops_what_escaping_misses(browser: Any, requested: Any, tmp_path: Path) -> None:
    """Raw markup in an output neither runs nor loads: the second line of defence holds alone."""
    assert requested(written(tmp_path, page(MARKUP))) == []
    assert browser.execute_script("return document.documentElement.dataset.ran") is None


def test_these_tests_would_notice(browser: Any, requested: Any, tmp_path: Path) -> None:
    """Without the policy the same markup does run, and asks for an address."""
    unprotected = page(MARKUP).replace(b"Content-Security-Policy", b"x-none")
    assert "http://127.0.0.1:9/x.png" in requested(written(tmp_path, unprotected))
    assert browser.execute_script("return document.documentElement.dataset.ran") == "1"
