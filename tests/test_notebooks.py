"""The notebooks: their form as files, and what they say when papermill runs them."""

import ast
import html
import json
import multiprocessing
import re
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from capacity.report.execution.parameters import declared
from capacity.study import Study
from capacity.wording import spoken

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEMS = [path.stem for path in NOTEBOOKS]
FIRST = ["title", "parameters", "imports", "load"]
MOST_LINES = 10
STOREFRONT, BARE = "storefront", "bare"
HORIZON = 90  # days, in place of those of the plan, for the notebook about demand


def read(stem: str) -> nbformat.NotebookNode:
    """One notebook as it is stored."""
    return nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4)


def sources(stem: str, kind: str) -> dict[str, str]:
    """Sources of the cells of a kind, by their ids."""
    return {cell.id: cell.source for cell in read(stem).cells if cell.cell_type == kind}


def test_the_chain_is_whole():
    """The chain has six questions, a workbench, and one answer."""
    assert STEMS == [
        "01-evidence",
        "02-capacity",
        "03-resilience",
        "04-demand",
        "05-scaling",
        "06-investments",
        "07-what-if",
        "capacity-plan",
    ]


@pytest.mark.parametrize("stem", STEMS)
def test_stored_form(stem: str):
    """Valid nbformat 4.5, without outputs and counts, keys sorted, short ids given by hand."""
    notebook = read(stem)
    nbformat.validate(notebook)
    text = (ROOT / "notebooks" / f"{stem}.ipynb").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z0-9-]{2,40}", cell.id), cell.id
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)


@pytest.mark.parametrize("stem", STEMS)
def test_cells_come_in_order(stem: str):
    """Title, parameters, imports, load, then the argument."""
    assert [cell.id for cell in read(stem).cells][:4] == FIRST


@pytest.mark.parametrize("stem", STEMS)
def test_parameters_are_the_same_everywhere(stem: str):
    """All notebooks take the same typed and explained parameters."""
    notebook = ROOT / "notebooks" / f"{stem}.ipynb"
    assert declared(notebook) == declared(NOTEBOOKS[0])
    assert sources(stem, "code")["parameters"] == sources(STEMS[0], "code")["parameters"]
    assert all(parameter.meaning for parameter in declared(notebook).values())


@pytest.mark.parametrize("stem", STEMS)
def test_code_is_thin(stem: str):
    """A code cell is a few lines without definitions, handlers, magics or further imports."""
    heavy = (ast.FunctionDef, ast.ClassDef, ast.Try, ast.With, ast.For, ast.While, ast.If, ast.ImportFrom)
    for identifier, source in sources(stem, "code").items():
        tree = ast.parse(source)
        assert len(source.splitlines()) <= MOST_LINES, identifier
        assert not [node for node in ast.walk(tree) if isinstance(node, heavy)], identifier
    assert sources(stem, "code")["imports"] == "import capacity as cap"


@pytest.mark.parametrize("stem", STEMS)
def test_title_is_a_question(stem: str):
    """The first line asks; the paragraph after it says who asks and what they get."""
    title, _, paragraph, *_ = sources(stem, "markdown")["title"].splitlines()
    assert re.fullmatch(r"# .+\?", title)
    assert "who" in paragraph


@pytest.mark.parametrize("stem", STEMS)
def test_ends_with_doubt(stem: str):
    """The last sections say what it means and how it could be wrong."""
    headings = [
        line for text in sources(stem, "markdown").values() for line in text.splitlines() if line[:3] == "## "
    ]
    if stem == "capacity-plan":
        assert "## What is not modelled" in headings
    else:
        assert headings[-2:] == ["## What it means", "## How it could be wrong"]


@pytest.mark.parametrize("stem", STEMS)
def test_prose_holds_no_numbers(stem: str):
    """Numbers come from the data, so text that is typed has none."""
    typed = " ".join(sources(stem, "markdown").values())
    assert not re.findall(r"\d", re.sub(r"\bP\d\d\b|\]\([^)]*\)", "", typed))


@pytest.mark.parametrize("stem", STEMS)
def test_figures_are_introduced(stem: str):
    """Before each figure a text says what to look at."""
    cells = read(stem).cells
    for before, cell in pairwise(cells):
        if "cap.plots." in cell.source:
            assert before.cell_type == "markdown", cell.id


class Runs:
    """Notebooks on their way through papermill, two at a time."""

    def __init__(self, folder: Path) -> None:
        from papermill import execute_notebook

        self._pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
        self._running: dict[tuple[str, str], Future[nbformat.NotebookNode]] = {
            (run, stem): self._pool.submit(
                execute_notebook,  # a function of ours could not be found by the other process
                ROOT / "notebooks" / f"{stem}.ipynb",
                folder / f"{run}-{stem}.ipynb",
                self.parameters(run, stem),
                progress_bar=False,
                log_output=False,
            )
            for run in (STOREFRONT, BARE)
            for stem in STEMS
        }

    @staticmethod
    def parameters(run: str, stem: str) -> dict[str, object]:
        """What papermill is given: the plan or the export, and once a horizon."""
        file = {STOREFRONT: "plan.toml", BARE: "stress.json"}[run]
        other = {"horizon_days": HORIZON} if (run, stem) == (STOREFRONT, "04-demand") else {}
        return {"plan": str(ROOT / "data" / "storefront" / file)} | other

    def notebook(self, run: str, stem: str) -> nbformat.NotebookNode:
        """An executed notebook, as soon as it is there."""
        return self._running[run, stem].result(timeout=300)

    def text(self, run: str, stem: str) -> str:
        """What a reader sees of its outputs: words of tables, sentences and text alternatives."""
        return " ".join(
            said(output) for cell in self.notebook(run, stem).cells for output in cell.get("outputs", [])
        )

    def close(self) -> None:
        """Stop what still runs."""
        self._pool.shutdown(cancel_futures=True)


def said(output: nbformat.NotebookNode) -> str:
    """Words of one output."""
    shown = (
        output.get("data", {}).get("text/html")
        or output.get("data", {}).get("text/plain")
        or output.get("text", "")
    )
    alternatives = re.findall(r'alt="([^"]*)"', shown)
    words = re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:span|wbr)\b[^>]*>", "", shown))
    return html.unescape(" ".join([words, *alternatives]))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory):
    """All notebooks through papermill, on the storefront and on a bare export."""
    running = Runs(tmp_path_factory.mktemp("executed"))
    yield running
    running.close()


@pytest.fixture(scope="session")
def study(storefront: Path) -> Study:
    """The storefront plan, computed here."""
    return Study.load(storefront / "plan.toml")


@pytest.mark.parametrize("run", [STOREFRONT, BARE])
@pytest.mark.parametrize("stem", STEMS)
def test_runs_to_the_end(runs: Runs, run: str, stem: str):
    """Every cell ran, and nothing but results was written: no error, no warning, no print."""
    cells = [cell for cell in runs.notebook(run, stem).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds <= {"execute_result", "display_data"}


@pytest.mark.parametrize("run", [STOREFRONT, BARE])
@pytest.mark.parametrize("stem", STEMS)
def test_pages_are_for_reading(runs: Runs, run: str, stem: str):
    """Every figure has a text alternative, and nothing shows its inside: no nan, no None, no object."""
    shown = runs.text(run, stem)
    assert not re.search(r"\bnan\b|\bNone\b|\bNaT\b|object at 0x|(Estimate|Missing)\(", shown)
    for cell in runs.notebook(run, stem).cells:
        for output in cell.get("outputs", []):
            images = re.findall(r"<img[^>]*>", output.get("data", {}).get("text/html", ""))
            assert all(re.search(r'alt="[^"]{20,}"', image) for image in images)


def test_evidence_names_every_recording(runs: Runs, study: Study):
    """01 lists each file with its checksum, and says what the tests cannot prove."""
    shown = runs.text(STOREFRONT, "01-evidence")
    for row in study.inputs.itertuples():
        assert row.file in shown
        assert row.sha256[:12] in shown
    assert study.findings.text in shown


def test_capacity_is_stated_with_its_interval(runs: Runs, study: Study):
    """02 gives the saturation throughput and the SLO capacity as the package computed them."""
    shown = runs.text(STOREFRONT, "02-capacity")
    assert str(study.capacity.saturation_throughput) in shown
    assert str(study.capacity.slo["all"]) in shown
    assert study.service.text in shown


def test_resilience_is_judged_by_every_criterion(runs: Runs, study: Study):
    """03 shows each criterion with its status."""
    shown = runs.text(STOREFRONT, "03-resilience")
    assert study.resilience.text in shown
    assert all(row.criterion in shown for row in study.resilience.to_frame().itertuples())


def test_demand_is_the_peak_over_the_horizon(runs: Runs, storefront: Path):
    """04 gives the peak of the whole horizon, here that of the parameter in place of the plan's."""
    demand = Study.load(storefront / "plan.toml", horizon_days=HORIZON).demand
    assert f"peak over {HORIZON} days: {demand.peak}" in runs.text(STOREFRONT, "04-demand")


def test_scaling_gives_a_number_of_instances(runs: Runs, study: Study):
    """05 recommends the fleet the package recommends, and names each option with its verdict."""
    shown = runs.text(STOREFRONT, "05-scaling")
    assert f"{study.fleet.recommended} instance" in shown
    assert all(verdict in shown for verdict in study.fleet.options["verdict"])


def test_investments_are_ordered(runs: Runs, study: Study):
    """06 gives the order of work, and says what cannot be evaluated and why."""
    shown = runs.text(STOREFRONT, "06-investments")
    assert ", ".join(map(spoken, study.investments.order)) in shown
    assert "no model of what it changes" in shown


def test_plan_begins_with_the_verdict(runs: Runs, study: Study):
    """The plan says the verdict first, then its numbers, what to do about it, and three figures why."""
    cells = runs.notebook(STOREFRONT, "capacity-plan").cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    banner, tiles, sentences, _, *figures = outputs
    assert study.verdict.headline in said(banner)
    assert all(name in said(tiles) for name in study.numbers["quantity"])
    assert all(sentence in said(sentences) for sentence in study.recommendation.values())
    assert all("<figure" in output["data"]["text/html"] for output in figures[:3])
    shown = runs.text(STOREFRONT, "capacity-plan")
    assert str(study.demand.peak) in shown
    assert all(action in shown for action in study.actions["action"])


@pytest.mark.parametrize(
    ("stem", "reason"),
    [
        ("04-demand", "the plan has no [demand]"),
        ("05-scaling", "the plan has no [demand]"),
        ("06-investments", "the plan lists no [[investment]]"),
    ],
)
def test_bare_export_says_what_is_missing(runs: Runs, stem: str, reason: str):
    """A part that a bare export cannot lead to is left out by name, with the reason."""
    assert reason in runs.text(BARE, stem).lower()


def test_bare_export_still_gives_a_capacity(runs: Runs, storefront: Path):
    """What one export proves is the same whether a plan stands around it or not."""
    capacity = Study.load(storefront / "stress.json").capacity
    assert capacity.text in runs.text(BARE, "02-capacity")


def test_bare_plan_names_what_was_left_out(runs: Runs, storefront: Path):
    """The plan page of a bare export lists the parts left out."""
    shown = runs.text(BARE, "capacity-plan")
    assert all(part in shown for part in Study.load(storefront / "stress.json").missing)
