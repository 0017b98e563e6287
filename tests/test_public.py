"""Everything a user can reach is documented, with units and an example, shows itself, and is what Tab offers."""

import ast
import functools
import importlib
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import artillery_results_parser
import capacity as cap

PACKAGES = ("capacity", "artillery_results_parser")
NUMBER = re.compile(r"\b(float|int|Estimate|ndarray|Series|Quantity|Numbers|FloatOrArray)\b")
ONE_NUMBER = re.compile(r"(float|int|np\.ndarray|Estimate|pd\.Series|Quantity|FloatOrArray)( \| None)?")
ENTRY = re.compile(r"^\*{0,2}(\w+(?:, \*{0,2}\w+)*)(?: :.*)?\n((?:[ \t]+.*\n?)+)", re.MULTILINE)
WITHOUT_UNIT = {"seed", "return"}


def is_ours(thing: object) -> bool:
    """Whether it was written here."""
    return str(getattr(thing, "__module__", "")).split(".")[0] in PACKAGES


@functools.cache
def imported(module: str) -> dict[str, tuple[str, str]]:
    """Names a module takes from our packages, those for type checkers included: home and name there."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(importlib.import_module(module)))):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in PACKAGES:
            found |= {alias.asname or alias.name: (str(node.module), alias.name) for alias in node.names}
    return found


def classes_in(annotation: object, module: str) -> Iterator[type]:
    """Classes of ours that an annotation names."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    for name in re.findall(r"[A-Za-z_]\w*", text):
        home, name = imported(module).get(name, (module, name))
        value = getattr(importlib.import_module(home), name, None)
        if inspect.isclass(value) and is_ours(value):
            yield value


def members(cls: type) -> dict[str, tuple[object, Callable[..., Any]]]:
    """Public methods and properties written here: as they stand in the class, and the function behind each."""
    found: dict[str, tuple[object, Callable[..., Any]]] = {}
    for base in filter(is_ours, cls.__mro__):
        for name, value in vars(base).items():
            function = getattr(value, "fget", None) or getattr(value, "func", None) or value
            function = getattr(function, "__func__", function)
            if not name.startswith("_") and inspect.isfunction(function) and is_ours(function):
                found.setdefault(name, (value, function))
    return found


def fields(cls: type) -> Iterator[tuple[str, str, object]]:
    """Module, name and annotation of each public field."""
    for base in filter(is_ours, cls.__mro__):
        for name, annotation in vars(base).get("__annotations__", {}).items():
            if not name.startswith("_") and "ClassVar" not in str(annotation):
                yield base.__module__, name, annotation


def leads_to(thing: Any) -> Iterator[type]:
    """Classes that a function returns, or that the fields, methods and properties of a class hold."""
    if inspect.isfunction(thing):
        yield from classes_in(thing.__annotations__.get("return"), thing.__module__)
        return
    for module, _, annotation in fields(thing):
        yield from classes_in(annotation, module)
    for _, function in members(thing).values():
        yield from classes_in(function.__annotations__.get("return"), function.__module__)


def seeds() -> Iterator[Any]:
    """What the packages name as public, modules opened."""
    for package in (cap, artillery_results_parser):
        for name in package.__all__:
            value = getattr(package, name)
            yield from (
                (getattr(value, inner) for inner in value.__all__)
                if isinstance(value, ModuleType)
                else [value]
            )


@functools.cache
def public() -> dict[str, Any]:
    """Functions and classes a user can reach, by name; what is only asked of a class is none."""
    found: dict[str, Any] = {}
    waiting = list(seeds())
    while waiting:
        thing = waiting.pop()
        named = (inspect.isclass(thing) or inspect.isfunction(thing)) and is_ours(thing)
        name = f"{thing.__module__}.{thing.__qualname__}" if named else ""
        hidden = thing.__name__.startswith("_") if named else True
        if not hidden and name not in found and not getattr(thing, "_is_protocol", False):
            found[name] = thing
            waiting += leads_to(thing)
    return found


def classes() -> dict[str, type]:
    """Those that are classes."""
    return {name: thing for name, thing in public().items() if inspect.isclass(thing)}


def functions() -> Iterator[tuple[str, object, Callable[..., Any]]]:
    """Public functions, and methods and properties where they are written."""
    yield from ((name, thing, thing) for name, thing in public().items() if inspect.isfunction(thing))
    for name, cls in classes().items():
        for member, (value, function) in members(cls).items():
            if function.__qualname__.startswith(f"{cls.__name__}."):
                yield f"{name}.{member}", value, function


def entries(doc: str | None) -> dict[str, str]:
    """What a docstring says of each parameter."""
    found = ENTRY.findall(inspect.cleandoc(doc or ""))
    return {name: text for names, text in found for name in names.split(", ")}


def summary(doc: str | None) -> str:
    """The first paragraph."""
    return inspect.cleandoc(doc or "").partition("\n\n")[0]


def without_unit(annotations: dict[str, object], doc: str | None) -> list[str]:
    """Numbers among the parameters for which neither their entry nor, without one, the summary has a unit."""
    said = entries(doc)
    numbers = [n for n, kind in annotations.items() if NUMBER.search(str(kind)) and n not in WITHOUT_UNIT]
    return [name for name in numbers if "[" not in said.get(name, summary(doc))]


def test_the_walk_finds_what_a_study_leads_to() -> None:
    """Named functions, classes they return, and what those hold."""
    names = {name.rpartition(".")[2] for name in public()}
    assert {
        "MMc",
        "servers_for",
        "LoadTest",
        "Capacity",
        "Portfolio",
        "Worth",
        "Backtest",
        "Summary",
    } <= names
    assert len(public()) > 300


def test_every_public_name_has_a_docstring() -> None:
    """Functions and classes, methods and properties."""
    assert not [name for name, thing in public().items() if not thing.__doc__]
    assert not [name for name, _, function in functions() if not function.__doc__]


def test_every_public_function_and_class_has_an_example() -> None:
    """One that runs: `test_examples` does."""
    assert not sorted(name for name, thing in public().items() if ">>>" not in (thing.__doc__ or ""))


def test_no_example_is_left_out() -> None:
    """Nothing is skipped."""
    assert not [name for name, thing in public().items() if "doctest: +SKIP" in (thing.__doc__ or "")]


def test_every_number_asked_for_has_a_unit() -> None:
    """In brackets, where a parameter or field is described, or in the summary where it is not."""
    wrong = {
        name: without_unit(function.__annotations__, function.__doc__) for name, _, function in functions()
    }
    for name, cls in classes().items():
        docs = "\n\n".join(inspect.cleandoc(base.__doc__ or "") for base in filter(is_ours, cls.__mro__))
        wrong[name] = without_unit({field: kind for _, field, kind in fields(cls)}, docs)
    assert not {name: missing for name, missing in wrong.items() if missing}


def test_every_number_given_has_a_unit() -> None:
    """In brackets in the first paragraph, or under Returns."""
    wrong = [
        name
        for name, _, function in functions()
        if ONE_NUMBER.fullmatch(str(function.__annotations__.get("return", "")))
        and "[" not in summary(function.__doc__)
        and "Returns\n" not in str(function.__doc__)
    ]
    assert not wrong


def test_a_missing_unit_is_noticed() -> None:
    """The checks above can fail."""

    def wait(load: float, servers: int) -> float:
        """Mean wait.

        Parameters
        ----------
        load : float
            Offered. [req/s]
        servers : int
            As many as there are.
        """
        return load * servers

    assert without_unit({"load": "float", "servers": "int"}, wait.__doc__) == ["servers"]


def is_shown(cls: type) -> bool:
    """Whether a class is one of results or inputs, as opposed to errors, the study itself, and the panel."""
    return not (issubclass(cls, Exception) or cls.__name__ in {"Study", "Explorer"})


def test_every_result_shows_itself() -> None:
    """In a notebook as HTML, in a terminal as words."""
    shown = {name: cls for name, cls in classes().items() if is_shown(cls)}
    assert not [name for name, cls in shown.items() if not hasattr(cls, "_repr_html_")]
    ours = {name: cls for name, cls in shown.items() if name.startswith("capacity.")}
    assert not [name for name, cls in ours.items() if cls.__str__ is object.__str__]


@pytest.fixture(scope="module")
def completed(repository: Path) -> Callable[[str], set[str]]:
    """Complete a line as JupyterLab does."""
    from IPython.core.completer import provisionalcompleter
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.push({"cap": cap, "parser": artillery_results_parser, "station": cap.MMc(250, 37.5, 8)})
    shell.push({"study": cap.Study.load(repository / "data/storefront/plan.toml")})

    def complete(line: str) -> set[str]:
        with provisionalcompleter(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {found.text.lstrip(".") for found in shell.Completer.completions(line, len(line))}

    return complete


MODULES = [name for name in cap.__all__ if isinstance(getattr(cap, name), ModuleType)]


@pytest.mark.parametrize("line", ["cap.", "parser.", *(f"cap.{name}." for name in MODULES)])
def test_tab_on_a_module_offers_its_public_names(completed: Callable[[str], set[str]], line: str) -> None:
    """No submodule, no import of its own, nothing private."""
    module = functools.reduce(
        getattr, line.split(".")[1:-1], cap if line.startswith("cap") else artillery_results_parser
    )
    assert completed(line) == {name for name in module.__all__ if not name.startswith("_")}


@pytest.mark.parametrize(
    "line", ["study.", "study.capacity.", "study.plan.", "study.plan.slo.", "station.", "cap.Policy."]
)
def test_tab_on_a_value_offers_fields_and_questions(completed: Callable[[str], set[str]], line: str) -> None:
    """Nothing private, no import, and nothing of the libraries below."""
    found = completed(line)
    assert len(found) > 5
    assert not {name for name in found if name.startswith("_")}
    assert not found & {"annotations", "np", "pd", "dict", "json", "copy", "model_dump"}
