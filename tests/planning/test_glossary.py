"""The glossary explains what the pages say, in words that are explained themselves."""

import re

import pytest

import capacity as cap
from capacity.errors import UsageError
from capacity.planning.glossary import GLOSSARY, glossary
from capacity.wording import VOCABULARY

TECHNICAL = {
    "utilization", "headroom", "availability", "risk", "retry_budget", "discount_rate", "throughput", "goodput",
    "saturation_throughput", "peak", "slo_capacity", "safe_load", "safe_load_low", "safe_load_high",
    "expected_shortfall", "offered_load", "contention", "coherency", "parallelism", "concurrency", "runway", "payback",
    "npv", "shapley", "regret_per_month", "worth_knowing", "probability_missed", "error_rate", "response_time",
    "service_time", "queue_length", "message", "sha256",
}  # fmt: skip
"""Columns whose headings are words of the trade."""
UNIT_WORDS = {"concurrency": "progress", "throughput": "completed", "goodput": "good", "message": "finding"}
"""What stands for the term in a heading that says it in other words."""
JARGON = {
    "quantile", "percentile", "stochastic", "latency", "SLA", "bootstrap", "erlang", "covariance", "eigenvalue",
    "goodput", "throughput", "saturation", "utilization", "dispersion", "coherency", "contention", "metastable",
    "hysteresis", "provenance", "bottleneck", "queue", "generator", "plateau", "worlds", "horizon", "median",
}  # fmt: skip
"""Words that an explanation may use only if they are explained."""
SHOUTED = {"READY", "UP", "TO", "NOT", "INSUFFICIENT", "EVIDENCE"}  # a verdict


def words(text: str) -> set[str]:
    """Words of a text without punctuation."""
    return set(re.findall(r"[A-Za-z0-9αβ.-]*[A-Za-z0-9αβ]", text))


def explained(word: str) -> bool:
    """Whether a word is, or belongs to, a term of the glossary."""
    return any(word.casefold() in re.split(r"[ -]", term.casefold()) or word == term for term in GLOSSARY)


def test_terms_are_in_order():
    """A reader finds a term where the alphabet has it."""
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)


def test_each_is_one_or_two_plain_sentences():
    """Each explanation is a sentence or two, fits a few lines and does not begin with its own term."""
    for term, text in GLOSSARY.items():
        body = re.sub(r" \[[^\]]+\]\.?$", "", text)
        assert body.endswith("."), term
        assert 15 < len(text) < 230, term
        assert term.casefold() not in text.casefold().split(" [")[0][: len(term) + 4], term
        assert len(re.findall(r"\. [A-Zα-ω]", body)) <= 2, term


def test_headings_of_the_trade_are_explained():
    """Each heading that is a word of the trade has a term, or says one in the words of its explanation."""
    for column in TECHNICAL:
        heading = VOCABULARY[column][0]
        said = UNIT_WORDS.get(column, "")
        found = any(explained(word) for word in words(heading))
        assert found or said in " ".join([*GLOSSARY, *GLOSSARY.values()]), heading


def test_short_forms_in_headings_are_explained():
    """Capitals and figures in any heading of any table, such as P95 or SLO, are terms."""
    headings = {word for heading, _ in VOCABULARY.values() for word in words(heading)}
    short = {word for word in headings if re.fullmatch(r"[A-Z][A-Z0-9.-]+", word)}
    assert {"SLO", "P95", "SHA-256"} <= short <= set(GLOSSARY)


def test_columns_that_say_what_rests_on_what_are_explained():
    """The columns of gates, numbers and assumptions that no vocabulary has are terms."""
    assert {"provenance", "gate", "verdict", "lever"} <= set(GLOSSARY)


def test_no_term_is_explained_by_an_unexplained_one():
    """Capitals and words of the trade in an explanation are terms themselves, or belong to one."""
    for term, text in GLOSSARY.items():
        used = {word for word in words(text) if word in JARGON or re.fullmatch(r"[A-Z][A-Z0-9.-]+", word)}
        unknown = {word for word in used - SHOUTED if not explained(word)}
        assert not unknown, f"{term} uses {unknown}"


def test_what_a_page_calls_provenance_is_explained():
    """Every word for where a number comes from has its own entry."""
    from typing import get_args

    from capacity.estimate import Provenance

    assert set(get_args(Provenance)) <= set(GLOSSARY)


def test_words_of_a_limit_are_explained():
    """So are the words for how well a limit is known, but for "not established", which says it."""
    from typing import get_args

    from capacity.evidence.limits import Status

    assert set(get_args(Status)) - {"not established"} <= set(GLOSSARY)


def test_terms_asked_for_are_shown():
    """A term is found in capitals or not, and in the order asked."""
    assert str(glossary("slo", "Goodput")).splitlines() == [
        f"SLO: {GLOSSARY['SLO']}",
        f"goodput: {GLOSSARY['goodput']}",
    ]
    assert str(cap.glossary()).count("\n") == len(GLOSSARY) - 1


def test_unknown_term_is_refused_with_the_nearest():
    """A misspelt term says which is near; the text asked for is made readable."""
    with pytest.raises(UsageError, match="no term 'godput'; did you mean 'goodput'"):
        glossary("godput")
    with pytest.raises(UsageError, match=r"glossary\(\) shows all"):
        glossary("\x1bxyz")
