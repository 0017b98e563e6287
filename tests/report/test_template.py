"""The pages in a real browser, without a network: what they show, load and run."""

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat.v4
import pandas as pd
import pytest

from capacity.display import banner, figure, prose, table
from capacity.report.pages import Making
from capacity.report.publish import Run, _page
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
    for cell in cells:
        cell.metadata["tags"] = []
    inputs = pd.DataFrame({"role": HOSTILE, "file": HOSTILE, "sha256": "ab" * 32})
    making = Making(
        Path("p.toml"), HOSTILE[0], {"x": HOSTILE[0]}, 1, inputs, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )
    run = Run("01-evidence", "failed" if error else "complete", 1.0, 2, error)
    return _page(
        nbformat.v4.new_notebook(cells=cells),
        run,
        making,
        {"capacity-plan": "index.html", "01-evidence": "01-evidence.html"},
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium with the network off, or skip."""
    webdriver = pytest.importorskip("selenium.webdriver")
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("chromedriver is not installed, so no page is opened in a browser")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(driver)
    with webdriver.Chrome(options=options, service=service) as opened:
        opened.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        opened.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        yield opened


def opened(browser: Any, folder: Path, content: bytes) -> list[str]:
    """Open a page; return the addresses it got through to, besides its own."""
    path = folder / "page.html"
    path.write_bytes(content)
    browser.get_log("performance")
    browser.get(path.as_uri())
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        event["params"]["requestId"]: event["params"] for event in events if "request" in event["params"]
    }
    for event in events:
        if event["params"].get("blockedReason") == "csp":
            asked.pop(event["params"]["requestId"], None)
    urls = [request["request"]["url"] for request in asked.values()]
    return [url for url in urls if not url.startswith(("data:", path.as_uri()))]


@pytest.fixture(scope="module")
def seen(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Browser on a page full of hostile names."""
    assert opened(browser, tmp_path_factory.mktemp("page"), page(*BUNDLES, error=HOSTILE[1])) == []
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


CONTRAST = """
function light(colour) {
  const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ground(element) {
  for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (!colour.endsWith(', 0)')) return colour;
  }
}
document.querySelectorAll('details').forEach(d => d.open = true);
return Math.min(...[...document.querySelectorAll('body *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.textContent.trim()))
  .map(e => [light(getComputedStyle(e).color), light(ground(e))].sort((a, b) => b - a))
  .map(([a, b]) => (a + 0.05) / (b + 0.05)));
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(seen: Any, scheme: str) -> None:
    """Contrast of at least 4.5 to 1, in both colour schemes."""
    features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    seen.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
    assert seen.execute_script(CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_never_scrolls_sideways(seen: Any, width: int) -> None:
    """Wide tables scroll inside themselves."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    seen.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert seen.execute_script("return document.documentElement.scrollWidth") <= width


def test_the_policy_stops_what_escaping_misses(browser: Any, tmp_path: Path) -> None:
    """Raw markup in an output neither runs nor loads: the second line of defence holds alone."""
    assert opened(browser, tmp_path, page(MARKUP)) == []
    assert browser.execute_script("return document.documentElement.dataset.ran") is None


def test_these_tests_would_notice(browser: Any, tmp_path: Path) -> None:
    """Without the policy the same markup does run, and asks for an address."""
    unprotected = page(MARKUP).replace(b"Content-Security-Policy", b"x-none")
    assert "http://127.0.0.1:9/x.png" in opened(browser, tmp_path, unprotected)
    assert browser.execute_script("return document.documentElement.dataset.ran") == "1"
