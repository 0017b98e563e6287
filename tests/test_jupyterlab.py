"""The notebooks in JupyterLab, as ``make lab`` starts it, read and run in a browser."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from capacity.study import Study

STEMS = ("capacity-plan", "02-capacity")
PATIENCE = 120  # [s]
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


@dataclass(frozen=True)
class Opened:
    """What a notebook showed after Run All Cells."""

    counts: list[str]
    errors: list[str]
    said: str
    figures: list[tuple[str, int]]
    captions: list[str]


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
        server.terminate()
        server.wait(PATIENCE)


def answering(server: subprocess.Popen[bytes], own: Path, folder: Path) -> Lab:
    """Wait until the server says where it is."""
    told = own / f"jpserver-{server.pid}.json"
    until(lambda: told.exists() or server.poll() is not None, "JupyterLab starts")
    assert server.poll() is None, (own / "log").read_text()
    facts = json.loads(told.read_text())
    return Lab(folder, facts["url"], facts["token"])


def run_all(browser: Any, lab: Lab, stem: str) -> Opened:
    """Open a notebook, choose Run All Cells in the menu, and look when the kernel is idle."""
    browser.get(f"{lab.address}lab/workspaces/{stem}/tree/{stem}.ipynb?token={lab.token}")
    until(lambda: look(browser)["status"] == "idle", f"{stem} has a kernel")
    choose(browser, ".lm-MenuBar-itemLabel", "Run")
    choose(browser, ".lm-Menu-itemLabel", "Run All Cells")
    until(lambda: accepted(browser) and ran(look(browser)), f"{stem} has run")
    page = look(browser)
    return Opened(**{name: page[name] for name in Opened.__dataclass_fields__})


def accepted(browser: Any) -> bool:
    """Say yes to the kernel Lab proposes, which it asks for when the notebook's own is still starting."""
    for button in browser.find_elements("css selector", ".jp-Dialog .jp-mod-accept"):
        if button.text == "Select":
            button.click()
    return True


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
def opened(browser: Any, lab: Lab) -> dict[str, Opened]:
    """Two notebooks, each run once."""
    return {stem: run_all(browser, lab, stem) for stem in STEMS}


@pytest.mark.parametrize("stem", STEMS)
def test_every_cell_runs(opened: dict[str, Opened], repository: Path, stem: str) -> None:
    """From the first to the last, in order, without an error or a warning."""
    cells = json.loads((repository / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert opened[stem].errors == []
    assert opened[stem].counts == [f"[{number}]:" for number in range(1, len(code) + 1)]


@pytest.mark.parametrize("stem", STEMS)
def test_figures_are_drawn_and_described(opened: dict[str, Opened], stem: str) -> None:
    """Each has a size and a text alternative."""
    assert opened[stem].figures
    assert all(alt and width > 0 for alt, width in opened[stem].figures)


@pytest.mark.parametrize("stem", STEMS)
def test_tables_have_captions(opened: dict[str, Opened], stem: str) -> None:
    """They are shown as tables, not as text."""
    assert opened[stem].captions
    assert all(opened[stem].captions)


def test_plan_shows_its_verdict(opened: dict[str, Opened], storefront: Path) -> None:
    """The banner says what the package says of the same plan."""
    assert Study.load(storefront / "plan.toml").verdict.headline in opened["capacity-plan"].said


def test_capacity_is_told(opened: dict[str, Opened], storefront: Path) -> None:
    """The sentence is that of the package."""
    assert Study.load(storefront / "plan.toml").capacity.text in opened["02-capacity"].said


@pytest.mark.parametrize("stem", STEMS)
def test_running_changes_no_file(opened: dict[str, Opened], lab: Lab, repository: Path, stem: str) -> None:
    """A notebook that was run and not saved is as it was in the repository."""
    stored, ran = (folder / "notebooks" / f"{stem}.ipynb" for folder in (repository, lab.folder))
    assert ran.read_bytes() == stored.read_bytes()
