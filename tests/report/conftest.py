"""A browser for the tests that look at pages."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LOWEST_CONTRAST = """
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


@pytest.fixture(scope="session")
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
    options.set_capability("unhandledPromptBehavior", "accept")
    service = webdriver.ChromeService(driver)
    with webdriver.Chrome(options=options, service=service) as opened:
        opened.execute_cdp_cmd("Page.enable", {})
        opened.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        opened.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        yield opened


@pytest.fixture(scope="session")
def requested(browser: Any) -> Callable[[Path], list[str]]:
    """Open a page; return the addresses it got through to, besides its own."""

    def open_page(path: Path) -> list[str]:
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

    return open_page


@pytest.fixture(scope="session")
def shown_in(browser: Any) -> Callable[[str, int], None]:
    """Show pages in a colour scheme, in a window so many pixels wide."""

    def show(scheme: str, width: int) -> None:
        features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", features)
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    return show


@pytest.fixture(scope="session")
def lowest_contrast(browser: Any) -> Callable[[], float]:
    """Return the least contrast of a text on the page that is open, whatever is folded away unfolded."""
    return lambda: browser.execute_script(LOWEST_CONTRAST)
