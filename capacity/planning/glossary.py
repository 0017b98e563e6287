"""The field's words as these pages use them, each in plain sentences, with its unit in brackets."""

from __future__ import annotations

from types import MappingProxyType

from capacity.display import Terms, terms
from capacity.errors import UsageError
from capacity.fields import did_you_mean
from capacity.wording import visible

GLOSSARY = MappingProxyType({
    "accepted risk": "The chance of missing the SLO at the peak that the plan takes for granted. [%]",
    "Amdahl's law": "How throughput grows with instances, or with requests at once, when a fixed share of the "
    "work cannot be done at the same time (contention).",
    "APM": "Application performance monitoring: software that shows where requests spend their time.",
    "arrival": "A new request or virtual user that comes to the service. [per s]",
    "assumed": "Provenance of a number that nobody measured or set: a default, a guess, or a belief.",
    "at least": "The limit was not reached in the tests, so only a bound from below is known.",
    "at most": "Every load tested was beyond the limit, so only a bound from above is known.",
    "availability": "Share of the year in which the service answers. [% of the year]",
    "baseline": "A test at a light load that is surely carried, to which others are compared.",
    "bottleneck": "What reaches its limit first when the load grows: instances, a database, a quota.",
    "break-even": "The value of one input at which the answer changes, or at which work is worth nothing.",
    "burst": "More requests than usual within a moment, by chance; the policy says for how long and how rare. [s]",
    "capacity": "The largest rate a deployment can be given before something that was promised is missed. [req/s]",
    "capacity in production": "The SLO capacity less what the irregular arrivals of real users cost. [req/s]",
    "coherency": "What instances lose by keeping each other informed; it grows with the square of their number, "
    "and so makes throughput fall in the end. β of the USL. [1]",
    "concurrency": "Requests in progress at the same time. [requests]",
    "config": "Provenance of a number that the plan or a setting states.",
    "contention": "Share of the work for which instances, or requests, wait for each other. α of the USL and of "
    "Amdahl's law. [1]",
    "cost of delay": "What is lost to downtime and running costs while the work goes on. [money]",
    "discount rate": "By how much less money is worth when it comes a year later. [% a year]",
    "dispersion": "Variance of the number of arrivals in an interval over its mean: 1 when users are independent "
    "of each other, more when they come together. [1]",
    "error budget": "What the SLO leaves to fail: with an availability of 99.9% about 44 minutes a month. [min]",
    "errors": "Answers with a failing status, and requests without an answer, as a share of all. [%]",
    "established": "Bracketed by the tests: a load that was carried lies below, one that was not lies above.",
    "EVPI": "Expected value of perfect information: the most that knowing everything before deciding is worth. "
    "[money]",
    "EVPPI": "The same as EVPI for one quantity alone: the most that measuring it before deciding is worth. [money]",
    "expected shortfall": "By how much the peak exceeds the safe load on average, worlds without a miss counted "
    "as 0. [req/s]",
    "finding": "What the audit of a test shows to be wrong or doubtful, with its numbers and a remedy.",
    "gate": "One condition for giving the service its load. Gates are never averaged: one that is needed and "
    "fails is enough.",
    "generator": "The program that sends the requests of a load test.",
    "goodput": "Successful answers per second, errors left out. [req/s]",
    "graceful degradation": "Beyond its capacity a service goes on answering what it can, refuses the rest "
    "quickly and is itself again afterwards.",
    "headroom": "What is left below the largest rate that keeps the SLO; here also what policies set aside. [req/s]",
    "horizon": "How far ahead is planned. [days]",
    "hysteresis": "After an overload the service does worse at the same load than before it.",
    "instance": "One running copy of the service.",
    "interval": "Range in which the true value lies with the confidence stated, 90% unless said otherwise.",
    "ledger": "The record of how predictions of earlier plans came out.",
    "lever": "Work that changes what the service carries, how often it is down or what it costs, with a model of "
    "how.",
    "load": "Rate at which requests are sent to the service. [req/s]",
    "measured": "Provenance of a number that tests or the traffic so far show.",
    "median": "The middle value: half of all lie below it.",
    "metastable-safe load": "Load up to which an overload ends with its cause. Above it retries can keep it "
    "alive. [req/s]",
    "model": "The service as equal workers behind one queue, fitted to the tests and checked against each of them.",
    "net present value": "What all money earned and spent later is worth today, at the discount rate. [money]",
    "not evaluable": "No figure can be computed, and the reason is given; it does not mean worthless.",
    "NPV": "Short for net present value.",
    "offered load": "What is asked for, answered or not [req/s]; times the service time it is the number of workers "
    "kept busy.",
    "P50": "Half of all answers come within this time, the median. [ms]",
    "P75": "75 of 100 answers come within this time. [ms]",
    "P90": "90 of 100 answers come within this time. [ms]",
    "P95": "95 of 100 answers come within this time. [ms]",
    "P99": "99 of 100 answers come within this time. [ms]",
    "P99.9": "999 of 1,000 answers come within this time. [ms]",
    "parallelism": "How many requests a deployment works on at the same time, as the tests show; not the number "
    "of its cores.",
    "payback": "Time until the work has earned what it cost, later money discounted. [months]",
    "peak": "The largest rate of a day; over the horizon the largest of its days. [req/s]",
    "PERT": "Distribution made from a low, a likely and a high value; the likely one weighs four times as much in "
    "the mean.",
    "plateau": "Stretch of a test at one steady load, long enough to measure.",
    "Poisson arrivals": "Requests of users who are independent of each other: a dispersion of 1.",
    "policy": "What the plan wants survived without missing the SLO: lost instances, retries, slow scaling, bursts.",
    "promised load": "The safe load of a fleet, told to others: what they may count on, with its interval. [req/s]",
    "provenance": "How firm the least firm ingredient of a number is: measured, config, vendor, survey or assumed.",
    "queue": "Requests that wait for a worker. [requests]",
    "ramp": "Stretch of a test in which the load rises steadily; in the policy, the steepest rise. [req/s per s]",
    "recovery time": "From the end of an overload until answers are as fast as before. [s]",
    "regret": "What a choice costs more than the best one would have in the same world. [money per month]",
    "response time": "From sending a request until its answer is complete, waiting included. [ms]",
    "retry budget": "Repeated requests allowed, as a share of first attempts. [%]",
    "runway": "Time until today's fleet is too small. [days]",
    "safe load": "What a fleet may be given after all policies have set aside their part. [req/s]",
    "saturation throughput": "Successful answers per second while more is offered than the service can do. It is "
    "no load to plan with: its queue only grows. [req/s]",
    "scaling lag": "Time from noticing that a fleet is too small until a new instance serves. [s]",
    "service time": "How long one request keeps a worker busy, waiting left out. [ms]",
    "SHA-256": "Fingerprint of a file, by which a copy is known to be the same. Its first characters are shown.",
    "Shapley share": "The saving of all the work divided fairly: what each piece adds on average over all orders. "
    "[money per year]",
    "SLO": "Service-level objective: what users are promised, such as a response time for 95% of the answers and "
    "a share of errors.",
    "SLO capacity": "Largest offered rate at which every objective of the SLO is kept. [req/s]",
    "spare instance": "An instance that may be lost at the peak without missing the SLO.",
    "spike": "A short load far beyond the capacity, to see what happens then and afterwards.",
    "steady": "Neither rising nor falling while it is measured, but for chance.",
    "survey": "Provenance of a number that others report of their systems, not of this one.",
    "throughput": "Answers completed per second, errors among them. [req/s]",
    "tier": "How critical the service is, 1 the most; it decides which gates are needed and which are advice.",
    "tornado": "Table or drawing of how far the result moves when one input goes from its low to its high end.",
    "USL": "Universal scalability law: throughput as instances, or requests at once, are added, with contention "
    "and coherency.",
    "utilization": "Share of the time in which workers are busy. [%]",
    "vendor": "Provenance of a number that the seller of a product states.",
    "verdict": "READY, READY UP TO a load, NOT READY or INSUFFICIENT EVIDENCE, as the gates decide.",
    "void": "What a finding makes of a claim that rests on a test with that fault: neither true nor false, unproven.",
    "waterfall": "Headroom step by step: from what instances could carry to the safe load.",
    "workers": "What requests are served by, one each at a time; an instance may have several.",
    "worlds": "Sampled futures: each has its own demand, capacity and prices, within what is known of them. Every "
    "option is judged in the same ones.",
    "worth knowing": "The most that measuring an input before deciding is worth: its EVPPI. [money]",
    "zone": "Part of a data centre or region that can fail as a whole.",
})  # fmt: skip
"""Term -> what it means, in alphabetical order."""


def glossary(*names: str) -> Terms:
    """Show what the words of the field mean, all of them or those asked for.

    Parameters
    ----------
    *names : str
        Terms, in capitals or not.

    Raises
    ------
    UsageError
        If a term is not in the glossary.

    Examples
    --------
    >>> print(glossary("goodput"))
    goodput: Successful answers per second, errors left out. [req/s]
    """
    known = {term.casefold(): term for term in GLOSSARY}
    for name in names:
        if name.casefold() not in known:
            near = did_you_mean(name.casefold(), known) or "; glossary() shows all terms"
            raise UsageError(f"the glossary has no term {visible(name)!r}{near}")
    return terms(
        {term: GLOSSARY[term] for term in (known[n.casefold()] for n in names)} if names else GLOSSARY
    )
