"""The walks of CONTRIBUTING.md, followed to the letter in a copy of the package."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALKS = ["An export format", "A lever", "A notebook"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def walk(title: str) -> str:
    """One section of the page."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def changed(text: str, diff: str) -> str:
    """A file after a change that names the lines around it; they must be there once."""
    lines = diff.splitlines()
    before = "\n".join(line[1:] for line in lines if line[0] in " -")
    after = "\n".join(line[1:] for line in lines if line[0] in " +")
    assert text.count(f"\n{before}\n") == 1, before
    return text.replace(f"\n{before}\n", f"\n{after}\n")


def follow(title: str, folder: Path) -> list[str]:
    """Write and change the files as a walk says; return what it then has one run."""
    run, position, named = [], 0, ""
    for found in BLOCK.finditer(walk(title)):
        said, position = walk(title)[position : found.start()], found.end()
        steps = re.findall(r"(Create|Add to|Change|is)\s+`([\w./-]+\.\w+)`:\s*\Z", said)
        verb, named = steps[-1] if steps else ("", named)
        language, content = found.groups()
        path = folder / named
        if language == "diff":
            path.write_text(changed(path.read_text(encoding="utf-8"), content), encoding="utf-8")
        elif verb == "Add to":
            path.write_text(f"{path.read_text(encoding='utf-8')}\n\n{content}", encoding="utf-8")
        elif verb:
            path.write_text(content, encoding="utf-8")
        elif language == "python":
            run.append(content)
    return run


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its notebooks, to be changed."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("capacity", "artillery_results_parser", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "data").symlink_to(ROOT / "data")
    return folder


def python(code: str, folder: Path) -> str:
    """What a program prints there; the copy is what it imports."""
    whole = f"import capacity; assert capacity.__file__.startswith({str(folder)!r})\n{code}"
    result = subprocess.run([sys.executable, "-c", whole], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_an_export_format(copy: Path):
    """The reader reads the file of the page, is recognised, and the capacity in it is found."""
    (see,) = follow("An export format", copy)
    also = "print(cap.Study.load('run.csv').verdict.headline)"
    assert re.match(r"slices .*150 req/s .*\n.*READY UP TO 150 req/s", python(see + also, copy), re.DOTALL)


def test_a_lever(copy: Path):
    """The lever moves the bottleneck, is known to plans by its parameters, and has its page."""
    (see,) = follow("A lever", copy)
    also = "\n".join(
        [
            "from capacity.planning.levers.catalogue import LEVERS",
            "from capacity.planning.levers.manual import manual",
            "print([str(item) for item in LEVERS['query_index'].missing({}, {})])",
            "print('## query_index' in manual())",
        ]
    )
    printed = python(see + also, copy)
    assert "query_factor [fraction] (of the work for queries that remains)" in printed
    assert printed.endswith("True\n")


def test_a_notebook(copy: Path):
    """The notebook is stored as the others are, takes their parameters, and every cell of it runs."""
    (write,) = follow("A notebook", copy)
    python(write, copy)
    path = copy / "notebooks" / "08-pages.ipynb"
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert not [cell for cell in book.cells if cell.get("outputs")]
    parameters, *cells, last = [cell.source for cell in book.cells if cell.cell_type == "code"]
    given = "plan, p95_ms = 'data/storefront/steps-1.json', 180"
    printed = python("\n".join([parameters, given, *cells, f"print({last}._repr_html_())"]), copy)
    assert "Rate that keeps the objectives" in printed
    assert "/api/checkout" in printed


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_ends_with_its_tests(title: str):
    """Each walk says where its tests go, and each place is there."""
    named = re.findall(r"`(tests/[\w/]+\.py)`", walk(title))
    assert named
    assert all((ROOT / name).parent.is_dir() for name in named)
