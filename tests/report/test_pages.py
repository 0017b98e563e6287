"""What stands around a notebook's cells."""

from pathlib import Path

import pytest

from capacity import origin
from capacity.errors import UsageError
from capacity.report.kept.studied import Question, Studied
from capacity.report.pages import Making, choose, links, notebooks_folder, outlined, page_names, title_in
from capacity.report.publish import Report
from capacity.report.several.summary import Summary


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    """Folder with three notebooks."""
    for name in ("02-capacity", "01-evidence", "capacity-plan"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    """Stems of some paths."""
    return [path.stem for path in paths]


def test_the_plan_comes_first(notebooks: Path) -> None:
    """The answer, then the questions in their order."""
    assert names(choose(notebooks)) == ["capacity-plan", "01-evidence", "02-capacity"]


def test_notebooks_are_chosen_by_name(notebooks: Path) -> None:
    """With or without the number."""
    assert names(choose(notebooks, ["02-capacity", "evidence"])) == ["01-evidence", "02-capacity"]


def test_an_unknown_notebook_is_refused(notebooks: Path) -> None:
    """The nearest name is suggested."""
    with pytest.raises(UsageError, match=r"notebook 'capasity'.*did you mean 'capacity'"):
        choose(notebooks, ["capasity"])


def test_a_folder_without_notebooks_is_refused(tmp_path: Path) -> None:
    """There would be nothing to publish."""
    with pytest.raises(UsageError, match="no notebook there"):
        choose(tmp_path)


def test_our_own_notebooks_are_found(repository: Path) -> None:
    """In a checkout they are in its notebooks folder."""
    assert notebooks_folder() == repository / "notebooks"


def test_the_plan_or_else_the_first_is_the_index(notebooks: Path) -> None:
    """Every report has an index.html."""
    assert page_names(choose(notebooks))["capacity-plan"] == "index.html"
    assert page_names(choose(notebooks, ["capacity"])) == {"02-capacity": "index.html"}


def test_links_name_the_page_one_is_on() -> None:
    """Relative, so that they work from the file system."""
    assert links({"capacity-plan": "index.html", "01-evidence": "01-evidence.html"}, "01-evidence") == [
        {"label": "Capacity plan", "href": "index.html", "current": False},
        {"label": "Evidence", "href": "01-evidence.html", "current": True},
    ]


def test_the_title_is_the_first_heading() -> None:
    """Of any prose cell."""
    cells = [
        {"cell_type": "code", "source": "# no title"},
        {"cell_type": "markdown", "source": "Text\n\n# How `much`? #\n"},
    ]
    assert title_in(cells) == "How much?"
    assert title_in([]) == ""


def test_headings_get_identifiers_of_their_own() -> None:
    """Also headings that say the same, or nothing that fits an identifier."""
    content, outline = outlined('<h1 id="x">A</h1><h2 id="x">A</h2><h2>数</h2><h3>Content</h3>', "A")
    assert content == (
        '<h1 id="a">A</h1><h2 id="a-2">A</h2><h2 id="section">数</h2><h3 id="content-2">Content</h3>'
    )
    assert outline == [("a-2", "A"), ("section", "数")]


def test_a_page_without_a_heading_gets_one() -> None:
    """From its title, escaped."""
    assert outlined("<p>x</p>", "a < b")[0] == "<h1>a &lt; b</h1>\n<p>x</p>"


def test_the_command_makes_the_report_again() -> None:
    """With its parameters, quoted for a shell, and without a path of this machine."""
    row = Summary("shop", "READY", "READY", "now: nothing")
    studied = Studied("shop", 3, [{"sha256": "ab"}], row, {}, {})
    question = Question("/home/me/my plan.toml", {"seed": 3, "quick": True}, {})
    made = Report(question, [Path("capacity-plan.ipynb")], studied).making
    assert made.command == "capacity report 'my plan.toml' -p seed=3 -p quick=true"
    assert made.terms == (("Plan", "my plan.toml"), ("Parameters", "seed = 3, quick = true"), ("Seed", "3"))


def test_a_page_below_another_leads_back() -> None:
    """In a report of many, to the comparison."""
    assert links({"capacity-plan": "index.html"}, "capacity-plan", "../index.html")[0] == {
        "label": "All services",
        "href": "../index.html",
        "current": False,
    }


def test_a_page_tells_build_packages_and_data() -> None:
    """Enough to find the same software and the same files again."""
    made = Making("capacity report p.toml", (("Plan", "p.toml"),), ["cd" * 32, "ab" * 32], origin.now())
    facts = dict(made.facts)
    assert list(facts) == ["Plan", "Data", "Software", "Packages", "Time"]
    assert list(made.told)[2:] == [term.lower() for term in facts]
    assert facts["Data"] == "checksum a84bba32fbb4 over all input files"
    assert facts["Software"].startswith("capacity 0.1.0")
    assert facts["Packages"].startswith("installed ")
