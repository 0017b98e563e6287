"""What the pages say: their examples run, their commands parse, their links lead somewhere."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import click
import nbformat
import pytest
import yaml
from click.testing import CliRunner

from artillery_results_parser.cli import main as artillery_results
from capacity import cli
from capacity.estimate import Provenance
from capacity.evidence.findings import Severity
from capacity.planning.readiness.readiness import VerdictStatus

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "data" / "README.md"]
BY_NAME = {path.relative_to(ROOT).as_posix(): path for path in PAGES}
WALKED = {"CONTRIBUTING.md"}  # its examples build on each other: tests/test_contributing.py
CITATION_NEEDS = {"authors", "cff-version", "message", "title"}  # required by version 1.2.0 of the format


def blocks(page: Path, language: str) -> list[str]:
    """Code blocks of one language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def prose(page: Path) -> str:
    """A page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> list[list[str]]:
    """Command lines of the console blocks, as words without the environment's folder; printed lines are left out."""
    lines = [
        line for block in blocks(page, "console") for line in block.splitlines() if not line.startswith(" ")
    ]
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [shlex.split(line.replace(".venv/bin/", ""), comments=True) for line in lines if line.strip()]


@pytest.mark.parametrize(
    "name", [name for name, page in BY_NAME.items() if name not in WALKED and blocks(page, "python")]
)
def test_python_examples_run(name: str):
    """The Python blocks of a page run from the repository's root, one after the other."""
    code = "\n".join(blocks(BY_NAME[name], "python"))
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True, capture_output=True)


def test_pages_have_examples():
    """The pages that teach Python hold Python."""
    teaching = ["README.md", "docs/models.md", "docs/artillery-results.md", "docs/reading-a-report.md"]
    assert all(blocks(BY_NAME[name], "python") for name in teaching)


@pytest.mark.parametrize("name", [name for name, page in BY_NAME.items() if commands_of(page)])
def test_commands_parse(name: str):
    """Each `capacity` command is one, and takes the options it is shown with; each `make` target is there."""
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for program, *words in commands_of(BY_NAME[name]):
        if program == "make":
            assert words[0] in targets
        if program == "capacity":
            command = cli.commands.commands[words[0]]
            context = click.Context(command, info_name=words[0])
            command.parse_args(context, words[1:])


@pytest.mark.parametrize("command", commands_of(ROOT / "docs" / "artillery-results.md"), ids=" ".join)
def test_the_parser_s_commands_run(command: list[str], monkeypatch: pytest.MonkeyPatch):
    """What the page of the parser shows is printed."""
    monkeypatch.chdir(ROOT)
    words = command[1 : command.index(">") if ">" in command else None]
    found = [sorted(map(str, Path().glob(word))) if "?" in word else [word] for word in words]
    result = CliRunner().invoke(artillery_results, [word for each in found for word in each])
    assert result.exit_code == 0
    assert result.output.count("\n") > 3


@pytest.mark.parametrize("command", sorted(cli.commands.commands))
def test_every_command_is_told_of(command: str, capsys: pytest.CaptureFixture[str]):
    """Each command has help, a line in the README and a place in the tutorial."""
    assert cli._exit_code([command, "--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
    for name in ("README.md", "docs/tutorial.md"):
        assert ["capacity", command] in [words[:2] for words in commands_of(BY_NAME[name])], name


@pytest.mark.parametrize("name", BY_NAME)
def test_links_lead_somewhere(name: str):
    """Every relative link is a file of the repository, and its fragment a heading there."""
    page = BY_NAME[name]
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        file, _, fragment = target.partition("#")
        if "://" in target:
            continue
        linked = (page.parent / file).resolve() if file else page
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", prose(linked), re.MULTILINE) if fragment else []
        assert not fragment or fragment in {slug(heading) for heading in headings}, target


def slug(heading: str) -> str:
    """The fragment a heading gets on code hosts."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "CHANGELOG.md"])
def test_files_named_exist(name: str):
    """A path written as code is one of the repository, but for the files that CONTRIBUTING has one write."""
    page = BY_NAME[name]
    tops = "capacity|docs|tests|data|notebooks|requirements|benchmarks"
    named = set(re.findall(rf"`((?:{tops})/[\w./-]+)`", prose(page)))
    written = set(re.findall(r"Create `(.+?)`|go to `(tests/\S+_slices\.py)`", prose(page)))
    assert [path for path in named - {a or b for a, b in written} if not (ROOT / path).exists()] == []


def test_the_questions_are_those_of_the_notebooks():
    """The README lists every notebook with the question its title asks."""
    told = dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|$", BY_NAME["README.md"].read_text(), re.MULTILINE))
    titles = {
        path.stem: nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    assert list(told) == list(titles)
    assert [stem for stem in told if stem != "capacity-plan" and told[stem] != titles[stem]] == []


def test_the_sections_of_a_plan_are_told_of():
    """The README names every section that a new plan explains."""
    starter = (ROOT / "capacity" / "starter.toml").read_text(encoding="utf-8")
    sections = set(re.findall(r"^(?:# )?(\[+\w+\]+)", starter, re.MULTILINE)) - {"[service]", "[tests]"}
    assert sections == set(re.findall(r"`(\[+\w+\]+)`", prose(BY_NAME["README.md"])))


def test_exit_codes_are_those_of_the_errors():
    """The README's table has the code of every error."""
    from capacity import errors

    codes = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.CapacityError)
    }
    rows = re.findall(r"^\| ([\d, ]+) \|", BY_NAME["README.md"].read_text(), re.MULTILINE)
    assert codes | {0, 4, 5, 6, 74, 75} <= {int(code) for row in rows for code in row.split(",")}


def test_the_citation_is_whole():
    """It has what the format requires, and version and licence of the project."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(cited) >= CITATION_NEEDS
    assert cited["cff-version"] == "1.2.0"
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert cited["authors"][0]["name"] in (ROOT / "LICENSE").read_text()


def test_the_picture_is_there():
    """The picture of the plan is a picture."""
    assert (ROOT / "docs" / "plan.png").read_bytes()[:4] == b"\x89PNG"


def test_the_words_of_a_report_are_explained():
    """Every verdict, every weight of a finding and every provenance stands in the page on reading."""
    told = " ".join(BY_NAME["docs/reading-a-report.md"].read_text(encoding="utf-8").split())
    assert [word for word in get_args(VerdictStatus) if f"*{word}*" not in told] == []
    assert [word for word in get_args(Severity) if f"**{word}**" not in told] == []
    assert [word for word in get_args(Provenance) if f"| {word} |" not in told] == []


def test_the_files_of_a_report_are_those_it_writes():
    """Each file named in the page on reading is written by the report package."""
    page = prose(BY_NAME["docs/reading-a-report.md"])
    rows = re.findall(r"^\| (`[^|]+`) \|", page.partition("## The files")[2], re.MULTILINE)
    files = [name for row in rows for name in re.findall(r"`([\w/.-]+)`", row)]
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "capacity/report").rglob("*.py"))
    assert len(files) > 6
    assert [name for name in files if Path(name).name not in written] == []
