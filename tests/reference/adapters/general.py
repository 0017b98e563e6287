"""Adapters of the areas with any arrivals and any service times."""

from capacity.models.distributions import Constant, Distribution, Erlang, Exponential, Hyperexponential
from capacity.models.stations.general import GGc
from capacity.models.stations.phasetype import PhaseType
from capacity.models.stations.qbd import PHPHc
from capacity.models.stations.queueing import MMc
from capacity.models.stations.twomoments import allen_cunneen, kraemer_langenbach_belz, sakasegawa, whitt_wait


def law_named(name: str, mean: float) -> Distribution:
    """Law of a name such as 'exponential', 'Erlang-4' or 'hyperexponential-2 balanced means, scv 4'."""
    kind, _, rest = name.partition("-")
    if kind == "hyperexponential":
        return Hyperexponential.balanced(mean, float(rest.rpartition("scv ")[2]))
    return Erlang(mean, int(rest)) if kind == "Erlang" else Exponential(mean)


def laws(case):
    """Laws of the times between arrivals and of service: by name, or by the model's own letters."""
    given = case["inputs"]
    between, mean = 1 / given["arrival_rate"], given["mean_service"]
    if "interarrival" in given:
        return law_named(given["interarrival"], between), law_named(given["service"], mean)
    letters = {"M": Exponential, "D": Constant}
    arrivals, service = case["model"].split("/")[:2]
    return letters[arrivals](between), letters[service](mean)


def ggc(case):
    """G/G/c: means, and quantiles of the waiting and of the response time."""
    station: GGc | PHPHc = GGc.of(*laws(case), servers=case["inputs"]["servers"])
    if station.error:  # larger than is quick
        station = PHPHc(
            station.arrival_rate, station.service_rate, station.servers, *map(PhaseType.of, laws(case))
        )
    answers = {
        "wait_probability": station.wait_probability,
        "Wq": station.waiting_time,
        "W": station.response_time,
        "Lq": station.queue_length,
        "L": station.concurrency,
    }
    for name in case["expected"].keys() - answers.keys():
        kind, _, q = name.partition("_p")
        ask = station.waiting_time_quantile if kind == "Wq" else station.response_time_quantile
        answers[name] = ask(float(f"0.{q}"))
    return answers


def ggc_approx(case):
    """Mean waits by two moments, as four authors give them."""
    given = case["inputs"]
    rho, servers = given["rho"], given["servers"]
    ca, cs = given["interarrival_scv"], given["service_scv"]
    mean = given["mean_service"]
    poisson = MMc(rho * servers / mean, 1 / mean, servers).waiting_time
    return {
        "allen_cunneen": allen_cunneen(poisson, ca, cs),
        "sakasegawa": float(sakasegawa(rho, servers, ca, cs)) * mean,
        "kraemer_langenbach_belz_times_ac": float(kraemer_langenbach_belz(rho, poisson, ca, cs)),
        "whitt_1993": float(whitt_wait(rho, servers, poisson, ca, cs)),
    }


ADAPTERS = {"ggc": ggc, "ggc_approx": ggc_approx}
