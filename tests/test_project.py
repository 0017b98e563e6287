"""The project's own rules: imports run one way, one home for dependencies, notebooks without output."""

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

LAYERS = {
    "errors": 0, "estimate": 0, "wording": 1, "display": 2, "fields": 2, "models": 2, "plain": 2,
    "shown": 2, "origin": 2,
    "evidence": 3, "planning": 4, "plan": 4, "starter": 4, "document": 5, "study": 5, "inspection": 5,
    "report": 6, "cli": 7,
}  # fmt: skip
ONE_HOME = {
    "numba": {"models/simulation"},
    "matplotlib": {"report/plots"},
    "papermill": {"report/execution"},
    "nbconvert": {"report/exporting.py"},
    "ipywidgets": {"report/explore.py"},
}
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


def modules(repository: Path) -> list[Path]:
    """Every module of the package."""
    return sorted((repository / "capacity").rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Absolute names a module imports, wherever in the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_imports_run_one_way(repository: Path):
    """A module imports only from its own layer or from one below it."""
    wrong = []
    for path in modules(repository):
        parts = path.relative_to(repository / "capacity").with_suffix("").parts
        if parts == ("__init__",):
            continue
        for name in imported(path):
            target = name.split(".")
            if target[0] == "capacity" and len(target) > 1 and LAYERS[target[1]] > LAYERS[parts[0]]:
                wrong.append(f"{'/'.join(parts)} imports {name}")
    assert not wrong


def test_models_know_no_load_test(repository: Path):
    """The mathematics imports nothing of the package but errors, estimates, itself and how a result shows itself."""
    allowed = {"errors", "estimate", "models", "shown"}
    for path in (repository / "capacity" / "models").rglob("*.py"):
        for name in imported(path):
            if name.startswith("capacity."):
                assert name.split(".")[1] in allowed, f"{path.name} imports {name}"


def test_simulation_uses_no_formula(repository: Path):
    """The simulator can witness for the formulas because it knows none of them."""
    allowed = {"simulation", "distributions", "domain", "inverse"}
    for path in (repository / "capacity" / "models" / "simulation").rglob("*.py"):
        for name in imported(path):
            if name.startswith("capacity.models."):
                assert name.split(".")[2] in allowed, f"{path.name} imports {name}"


def test_parser_stands_alone(repository: Path):
    """The Artillery parser imports nothing of the capacity package."""
    for path in (repository / "artillery_results_parser").rglob("*.py"):
        assert not {n for n in imported(path) if n.split(".")[0] == "capacity"}, path.name


@pytest.mark.parametrize("library", sorted(ONE_HOME))
def test_heavy_libraries_have_one_home(repository: Path, library: str):
    """Drawing is imported in one module, executing and converting notebooks in one package."""
    for path in modules(repository):
        inside = path.relative_to(repository / "capacity").as_posix()
        if any(inside.startswith(home) for home in ONE_HOME[library]):
            continue
        assert not {n for n in imported(path) if n.split(".")[0] == library}, inside


def test_import_is_light():
    """Importing the package loads none of the heavy libraries."""
    heavy = ["numpy", "pandas", "scipy", "matplotlib", "papermill", "nbconvert", "pydantic"]
    code = f"import sys, capacity; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_every_public_name_resolves():
    """`capacity.__all__` holds only names that exist and are documented."""
    import capacity

    for name in capacity.__all__:
        assert getattr(capacity, name).__doc__ or name == "__version__", name


def test_public_names_are_what_they_say():
    """A function whose module has its name is the function."""
    import capacity

    modules = [name for name in capacity.__all__ if inspect.ismodule(getattr(capacity, name))]
    assert modules == [
        "distributions",
        "laws",
        "levers",
        "networks",
        "overload",
        "parts",
        "plots",
        "simulation",
    ]
    assert not list(capacity.audit([]))


def bounds(requirements: list[str]) -> dict[str, str]:
    """Map a distribution to its lower bound."""
    found = {}
    for line in requirements:
        name, bound = re.fullmatch(r"([A-Za-z0-9_.-]+)>=([0-9.]+)", line).groups()
        found[name.lower()] = bound
    return found


def environment_matches(pyproject: dict, environment: dict) -> bool:
    """Whether conda gets the same direct dependencies, JupyterLab included, and nothing else by pip."""
    project = pyproject["project"]
    extras = project["optional-dependencies"]
    wanted = bounds(project["dependencies"] + extras["lab"] + extras["fast"] + extras["forecast"])
    wanted = {CONDA_NAMES.get(name, name): bound for name, bound in wanted.items()}
    wanted["python"] = project["requires-python"].removeprefix(">=")
    listed = environment["dependencies"]
    pip = [entry for entry in listed if isinstance(entry, dict)]
    plain = bounds([entry for entry in listed if isinstance(entry, str) and entry != "pip"])
    return plain == wanted and pip == [{"pip": ["-e ."]}] and environment["channels"] == ["conda-forge"]


def test_environment_is_held_to_pyproject(repository: Path):
    """environment.yml lists what pyproject lists, with the same lower bounds; a changed copy is noticed."""
    pyproject = tomllib.loads((repository / "pyproject.toml").read_text())
    text = (repository / "environment.yml").read_text()
    assert environment_matches(pyproject, yaml.safe_load(text))
    assert not environment_matches(pyproject, yaml.safe_load(text.replace("scipy>=1.15", "scipy>=1.16")))
    assert not environment_matches(pyproject, yaml.safe_load(text.replace("  - papermill>=2.6\n", "")))


def version(text: str) -> tuple[int, ...]:
    """Comparable version."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:4])


@pytest.mark.parametrize("lock", ["run", "lab", "dev"])
def test_lock_is_hashed_and_above_the_floors(repository: Path, lock: str):
    """Every locked package has hashes, no index address stands in the lock, and each floor is kept."""
    text = (repository / "requirements" / f"{lock}.txt").read_text()
    assert "://" not in text
    pins = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", text, re.MULTILINE))
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = {"run": [], "lab": ["lab", "fast", "forecast"], "dev": ["lab", "fast", "forecast", "test"]}[lock]
    wanted = project["dependencies"] + [
        r for extra in extras for r in project["optional-dependencies"][extra]
    ]
    for name, floor in bounds(wanted).items():
        assert version(pins[name]) >= version(floor), name


def test_no_index_address_anywhere(repository: Path):
    """No file of the repository names a package index."""
    words = [
        b"py" + b"pi.org",
        b"registry.npm" + b"js.org",
        b"files.python" + b"hosted",
        b"--extra-" + b"index-url",
    ]
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in tracked:
        path = repository / name
        if path.is_file() and path.name != "test_project.py":
            content = path.read_bytes()
            assert not any(word in content for word in words), name


def test_no_source_is_ignored(repository: Path):
    """Every module, test, notebook and template is one git takes: a clone is whole."""
    folders = ["capacity", "artillery_results_parser", "tests", "notebooks", "data", "requirements"]
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *folders]
    ignored = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [
        name for name in ignored if name.endswith((".py", ".ipynb", ".j2", ".css", ".toml", ".json", ".txt"))
    ]


def notebooks(repository: Path) -> list[Path]:
    """The shipped notebooks."""
    return sorted((repository / "notebooks").glob("*.ipynb"))


def test_notebooks_are_thin_and_stored_without_output(repository: Path):
    """No output, no counts, short cells, one typed parameters cell that is the same in all."""
    cells = set()
    assert [path.stem for path in notebooks(repository)] == [
        "01-evidence", "02-capacity", "03-resilience", "04-demand", "05-scaling", "06-investments", "07-what-if",
        "capacity-plan",
    ]  # fmt: skip
    for path in notebooks(repository):
        book = nbformat.read(path, as_version=4)
        assert "widgets" not in book.metadata, path.name
        code = [cell for cell in book.cells if cell.cell_type == "code"]
        assert all(not cell.outputs and cell.execution_count is None for cell in code), path.name
        assert all(len(cell.source.splitlines()) <= 10 for cell in code), path.name
        assert all(re.fullmatch(r"[a-z0-9-]{2,40}", cell.id) for cell in book.cells), path.name
        words = r"^\s*(def|class|try|import os|!|%)"
        assert not [c for c in code if re.search(words, c.source, re.MULTILINE)], path.name
        tagged = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
        assert len(tagged) == 1, path.name
        cells.add(tagged[0].source)
    assert len(cells) == 1
