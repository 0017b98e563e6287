"""The notebooks in JupyterLab, as ``make lab`` starts it, read and run in a browser."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from capacity.planning.what_if.what_if import WhatIf
from capacity.study import Study

Keys = pytest.importorskip("selenium.webdriver.common.keys", reason="selenium is not installed").Keys

STEMS = sorted(path.stem for path in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
PANEL = "07-what-if"
WITHOUT_FIGURES = ("01-evidence",)
PATIENCE = 120  # [s]
START, STARTS = 60, 3  # time given to a kernel before the page is opened anew [s], times it is opened
pytestmark = pytest.mark.skipif(
    not os.environ.get("CAPACITY_JUPYTERLAB"),
    reason="JupyterLab in a browser is run by `make test-lab` only: its kernels start late on a busy machine",
)

SIZE = (1300, 6000)  # tall, since Lab draws only the cells in view
PARTS = ("capacity", "notebooks", "data")
CONFIGURED = {
    "ServerApp": {"open_browser": False, "allow_root": True},
    "LabApp": {"extension_manager": "readonly", "check_for_updates_class": "jupyterlab.NeverCheckForUpdate"},
}
LOOK = """
const all = selector => [...document.querySelectorAll('.jp-Notebook ' + selector)]
return {
    status: document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status,
    counts: all('.jp-CodeCell .jp-InputPrompt').map(prompt => prompt.textContent),
    errors: all('[data-mime-type*="error"], [data-mime-type*="stderr"]').map(shown => shown.textContent),
    said: all('.jp-OutputArea-output').map(output => output.textContent).join(' '),
    figures: all('.jp-OutputArea-output img').map(image => [image.alt, image.naturalWidth]),
    captions: all('.jp-OutputArea-output table caption').map(caption => caption.textContent),
    unread: all('.jp-OutputArea-output img').filter(image => !image.complete).length,
}
"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab and the copy of the repository it serves."""

    folder: Path
    address: str
    token: str
    log: Path


@dataclass(frozen=True)
class Opened:
    """What a notebook showed after Run All Cells."""

    counts: list[str]
    errors: list[str]
    said: str
    figures: list[tuple[str, int]]
    captions: list[str]


PANEL_LOOK = """
const box = [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output .widget-hbox')]
    .find(found => found.querySelector('[role=status]'))
if (!box) return null
const sliders = [...box.querySelectorAll('.widget-hslider')].map(slider => [
    slider.querySelector('.widget-label').textContent, slider.querySelector('.widget-readout').textContent])
return {
    said: box.querySelector('[role=status]').textContent.trim(),
    table: [...box.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent)),
    alt: box.querySelector('img')?.alt,
    sliders: Object.fromEntries(sliders),
}
"""


def until(found: Callable[[], Any], what: str) -> Any:
    """Wait for something that is true, or fail by its name."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.1)
    return pytest.fail(f"{what}: not within {PATIENCE} s")


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium that reaches this machine only, or skip."""
    webdriver = pytest.importorskip("selenium.webdriver")
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed, so JupyterLab is not opened in a browser")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
        f"user-data-dir={tmp_path_factory.mktemp('chromium')}",
        f"window-size={SIZE[0]},{SIZE[1]}",
    ):
        options.add_argument(f"--{argument}")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as opened:
        opened.set_page_load_timeout(PATIENCE)
        yield opened


@pytest.fixture(scope="session")
def lab(browser: Any, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start ``capacity lab`` as the Makefile does, on a copy; only the settings keep it from opening a browser."""
    pytest.importorskip("jupyterlab")
    folder, own = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("jupyter")
    for part in PARTS:
        shutil.copytree(repository / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (own / "jupyter_server_config.json").write_text(json.dumps(CONFIGURED))
    command = [sys.executable, "-m", "capacity.cli", "lab"]
    settings = {
        "PYTHONPATH": str(folder),
        "IPYTHONDIR": str(own),
        "JUPYTER_CONFIG_DIR": str(own),
        "JUPYTER_DATA_DIR": str(own),
        "JUPYTER_RUNTIME_DIR": str(own),
        "JUPYTER_PORT": "0",
    }
    with (own / "log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield answering(server, own, folder)
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """Stop the server; one that waits for a kernel to start does not stop by itself."""
    server.terminate()
    try:
        server.wait(START)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def answering(server: subprocess.Popen[bytes], own: Path, folder: Path) -> Lab:
    """Wait until the server says where it is."""
    told = own / f"jpserver-{server.pid}.json"
    until(lambda: told.exists() or server.poll() is not None, "JupyterLab starts")
    assert server.poll() is None, (own / "log").read_text()
    facts = json.loads(told.read_text())
    lab = Lab(folder, facts["url"], facts["token"], own / "log")
    until(lambda: listens(lab), "JupyterLab answers")
    return lab


def listens(lab: Lab) -> bool:
    """Whether the server answers: it says where it is a moment before."""
    with suppress(ConnectionError):
        return bool(asked(lab, "api/status"))
    return False


def run_all(browser: Any, lab: Lab, stem: str) -> Opened:
    """Open a notebook, choose Run All Cells in the menu, and look when the kernel is idle."""
    open_notebook(browser, lab, stem)
    choose(browser, ".lm-MenuBar-itemLabel", "Run")
    choose(browser, ".lm-Menu-itemLabel", "Run All Cells")
    until(lambda: ran(look(browser)), f"{stem} has run")
    page = look(browser)
    return Opened(**{name: page[name] for name in Opened.__dataclass_fields__})


def open_notebook(browser: Any, lab: Lab, stem: str) -> None:
    """Open a notebook and wait for its kernel; where the first connection was lost, open it again.

    Lab shows "idle" from the start, before there is a kernel. Told to run then, it asks for a kernel and starts a
    second one while the first is still coming, which a slow machine or a fresh checkout makes sure of. So the server
    is asked whether the kernel is there and connected.
    """
    for _ in range(STARTS):
        browser.get(f"{lab.address}lab/workspaces/{stem}/tree/{stem}.ipynb?token={lab.token}")
        end = time.monotonic() + START
        while time.monotonic() < end:
            if connected(lab, stem) and look(browser)["status"] == "idle":
                return
            time.sleep(0.1)
    pytest.fail(
        f"{stem} has no kernel after {STARTS} times {START} s; the server says:\n{lab.log.read_text()[-3000:]}"
    )


def connected(lab: Lab, stem: str) -> bool:
    """Whether the notebook's own kernel has started, is idle and has a page listening to it."""
    kernels = [each["kernel"] for each in asked(lab, "api/sessions") if each["path"] == f"{stem}.ipynb"]
    return any(kernel["execution_state"] == "idle" and kernel["connections"] > 0 for kernel in kernels)


def shut_down(lab: Lab) -> None:
    """End every kernel, for each holds its memory."""
    for session in asked(lab, "api/sessions"):
        asked(lab, f"api/sessions/{session['id']}", "DELETE")


def asked(lab: Lab, path: str, method: str = "GET") -> Any:
    """Ask the server."""
    with closing(HTTPConnection(urlsplit(lab.address).netloc, timeout=PATIENCE)) as connection:
        connection.request(method, f"/{path}", headers={"Authorization": f"token {lab.token}"})
        return json.loads(connection.getresponse().read() or "null")


def look(browser: Any) -> dict[str, Any]:
    """Read the notebook in view."""
    return browser.execute_script(LOOK)


def choose(browser: Any, selector: str, label: str) -> None:
    """Click what bears the label."""

    def labelled() -> list[Any]:
        return [shown for shown in browser.find_elements("css selector", selector) if shown.text == label]

    until(labelled, f"menu {label}")[0].click()


def ran(page: dict[str, Any]) -> bool:
    """Tell whether all cells that will run have run, and every image is read."""
    begun = page["counts"] and page["counts"][0] != "[ ]:"
    return begun and page["status"] == "idle" and "[*]:" not in page["counts"] and not page["unread"]


@pytest.fixture(scope="session")
def opened(browser: Any, lab: Lab) -> Callable[[str], Opened]:
    """Each notebook, run when it is first asked for."""

    @cache
    def run(stem: str) -> Opened:
        shut_down(lab)
        return run_all(browser, lab, stem)

    return run


@pytest.mark.parametrize("stem", STEMS)
def test_every_cell_runs(opened: Callable[[str], Opened], repository: Path, stem: str) -> None:
    """From the first to the last, in order, without an error or a warning."""
    cells = json.loads((repository / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert opened(stem).errors == []
    assert opened(stem).counts == [f"[{number}]:" for number in range(1, len(code) + 1)]


@pytest.mark.parametrize("stem", STEMS)
def test_figures_are_drawn_and_described(opened: Callable[[str], Opened], stem: str) -> None:
    """Each has a size and a text alternative."""
    assert opened(stem).figures or stem in WITHOUT_FIGURES
    assert all(alt and width > 0 for alt, width in opened(stem).figures)


@pytest.mark.parametrize("stem", STEMS)
def test_tables_have_captions(opened: Callable[[str], Opened], stem: str) -> None:
    """They are shown as tables, not as text."""
    assert opened(stem).captions
    assert all(opened(stem).captions)


def test_plan_shows_its_verdict(opened: Callable[[str], Opened], storefront: Path) -> None:
    """The banner says what the package says of the same plan."""
    assert Study.load(storefront / "plan.toml").verdict.headline in opened("capacity-plan").said


def test_capacity_is_told(opened: Callable[[str], Opened], storefront: Path) -> None:
    """The sentence is that of the package."""
    assert Study.load(storefront / "plan.toml").capacity.text in opened("02-capacity").said


@pytest.mark.parametrize("stem", STEMS)
def test_running_changes_no_file(
    opened: Callable[[str], Opened], lab: Lab, repository: Path, stem: str
) -> None:
    """A notebook that was run and not saved is as it was in the repository."""
    stored, ran = (folder / "notebooks" / f"{stem}.ipynb" for folder in (repository, lab.folder))
    assert ran.read_bytes() == stored.read_bytes()


@pytest.fixture(scope="session")
def panel(browser: Any, lab: Lab) -> Any:
    """The notebook of the what-if panel, run and in view."""
    shut_down(lab)
    run_all(browser, lab, PANEL)
    until(lambda: browser.execute_script(PANEL_LOOK), "the panel is drawn")
    return browser


def seen(browser: Any) -> dict[str, Any]:
    """What the panel says: the sentence, the rows of the table, the figure, where the sliders stand."""
    return browser.execute_script(PANEL_LOOK)


def press(browser: Any, title: str, keys: str) -> None:
    """Press keys on a slider."""
    for slider in browser.find_elements("css selector", ".widget-hslider"):
        if slider.find_element("css selector", ".widget-label").text == title:
            slider.find_element("css selector", ".noUi-handle").send_keys(keys)


@pytest.fixture(scope="session")
def what_if(storefront: Path) -> WhatIf:
    """The same panel's answers, computed here."""
    return Study.load(storefront / "plan.toml").what_if


def test_panel_begins_with_the_plan(panel: Any, what_if: WhatIf) -> None:
    """Every slider stands at the plan's value and says so, and nothing has changed."""
    page = seen(panel)
    assert page["said"] == "As planned."
    assert set(page["sliders"]) == {knob.title for knob in what_if.knobs}
    assert all(text.endswith("(plan)") for text in page["sliders"].values())


def test_panel_follows_every_slider(panel: Any, what_if: WhatIf) -> None:
    """One step of a slider gives the sentence, the table and the figure that the package gives; then the plan again."""
    for knob in what_if.knobs:
        to = knob.positions[knob.positions.index(knob.plan) + 1]
        change = what_if.at(**{knob.name: to})
        press(panel, knob.title, Keys.ARROW_RIGHT)
        until(lambda said=change.text: seen(panel)["said"] == said, f"{knob.title} moved to {knob.told(to)}")
        assert [row[2] for row in seen(panel)["table"]] == change.to_frame()["now"].tolist()
        press(panel, knob.title, Keys.ARROW_LEFT)
        until(lambda: seen(panel)["said"] == "As planned.", f"{knob.title} moved back")


def test_last_value_wins(panel: Any, what_if: WhatIf) -> None:
    """Keys pressed faster than the panel can follow end where the slider stands."""
    knob = what_if.knob("p95_ms")
    press(panel, knob.title, Keys.END)
    press(panel, knob.title, Keys.ARROW_LEFT * 3 + Keys.ARROW_RIGHT * 2)
    change = what_if.at(p95_ms=knob.positions[-2])
    until(lambda: seen(panel)["said"] == change.text, "the last value is shown")
    assert seen(panel)["sliders"][knob.title] == knob.told(knob.positions[-2])


def test_reset_brings_the_plan_back(panel: Any) -> None:
    """Whatever was turned, one button ends it; nothing was put out as an error."""
    press(panel, "Demand", Keys.END)
    press(panel, "Instances", Keys.END)
    until(lambda: "6 instances instead of 2" in seen(panel)["said"], "two sliders moved")
    choose(panel, ".widget-button", "Back to the plan")
    until(lambda: seen(panel)["said"] == "As planned.", "the plan is back")
    assert all(text.endswith("(plan)") for text in seen(panel)["sliders"].values())
    assert look(panel)["errors"] == []
