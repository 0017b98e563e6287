"""Limits for nginx and PgBouncer."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from capacity.errors import NotIdentified
from capacity.plan import Investment
from capacity.plan import Limit as PlanLimit
from capacity.report.files import limits

FACTS = {"max_connections": 100, "reserved_connections": 3, "pool_size": 10}


def a_study(*limit: PlanLimit, name: str = "shop", **facts: object) -> SimpleNamespace:
    """A study with a fleet of 4, objectives, and an investment that states these facts."""
    pool = Investment(lever="connection_pool", hours=(1, 2, 3), parameters=facts)
    service = SimpleNamespace(name=name)
    return SimpleNamespace(
        plan=SimpleNamespace(service=service, investment=(pool,) if facts else (), limit=limit),
        slo=SimpleNamespace(quantiles={0.95: 0.2, 0.99: 1.0}),
        fleet=SimpleNamespace(recommended=4),
    )


def settings(text: str) -> dict[str, str]:
    """Settings of a PgBouncer file."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string("[pgbouncer]\n" + text)
    return dict(parser["pgbouncer"])


def test_two_versions_of_the_largest_fleet_share_the_connections() -> None:
    """P6: of 100 connections less 3, two versions of 6 instances may have 8 each; a wish for 10 is cut, and told."""
    text = limits.pgbouncer(a_study(**FACTS), most=6, share=250.0)
    assert settings(text) == {
        "pool_mode": "transaction",
        "default_pool_size": "8",
        "max_db_connections": "8",
        "max_client_conn": "250",
    }
    assert "The plan asks for 10 each, 120 in all: too many during a deployment." in text
    assert "SET, LISTEN" in text


def test_a_pool_that_fits_is_as_the_plan_says() -> None:
    """No larger than asked for, and never fewer clients than PgBouncer itself allows."""
    found = settings(limits.pgbouncer(a_study(**FACTS | {"pool_size": [4, 5, 6]}), most=6, share=20.0))
    assert (found["default_pool_size"], found["max_client_conn"]) == ("6", "100")


def test_a_stated_limit_says_how_many_versions_there_are() -> None:
    """One version at once leaves twice as many; PostgreSQL's 3 are kept where the plan does not say."""
    one = PlanLimit(name="connections", available=97.0, per_instance=10.0, environments=1)
    facts = {"max_connections": [90, 100, 120], "pool_size": 50}
    text = limits.pgbouncer(a_study(one, **facts), most=6, share=20.0)
    assert settings(text)["default_pool_size"] == str((90 - 3) // 6)
    assert "by default: the plan does not say" in text


@pytest.mark.parametrize(
    ("facts", "most", "reason"),
    [
        ({}, 6, "states no connection_pool investment"),
        ({"pool_size": 10}, 6, "max_connections and pool_size"),
        ({"max_connections": 100}, 6, "max_connections and pool_size"),
        (
            FACTS,
            49,
            "100 connections less 3 reserved are not one for each of 2 versions of up to 49 instances",
        ),
    ],
)
def test_what_does_not_fit_is_refused(facts: dict[str, object], most: int, reason: str) -> None:
    """A missing fact, or fewer connections than instances, gives no file but a reason."""
    with pytest.raises(NotIdentified, match=reason):
        limits.pgbouncer(a_study(**facts), most=most, share=20.0)


def test_the_queue_before_the_fleet_keeps_the_objective() -> None:
    """Of 300 req/s as many wait as leave in half of the tightest objective; the rate is rounded down."""
    text = limits.nginx(a_study(), safe=300.9)
    assert "rate=300r/s" in text
    assert "burst=30;" in text


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
@pytest.mark.parametrize(("name", "safe"), [("shop", 431.2), ('"; } limit_rate 1;\n{{x}}', 0.3)])
def test_nginx_accepts_the_limit(name: str, safe: float, tmp_path: Path) -> None:
    """`nginx -t` takes the snippet inside an http block."""
    (tmp_path / "limits.conf").write_text(limits.nginx(a_study(name=name), safe))
    (tmp_path / "nginx.conf").write_text(
        f"error_log {tmp_path}/e.log;\npid {tmp_path}/n.pid;\nevents {{}}\n"
        f"http {{ access_log off; include {tmp_path}/limits.conf; server {{ listen 127.0.0.1:8099; }} }}\n"
    )
    ran = subprocess.run(
        ["nginx", "-t", "-c", f"{tmp_path}/nginx.conf", "-p", str(tmp_path)], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="PgBouncer is not installed")
@pytest.mark.parametrize("spoilt", [False, True])
def test_pgbouncer_accepts_the_limits(spoilt: bool, tmp_path: Path) -> None:
    """It starts with the file included in its own section, keeping the settings made before; a wrong word ends it."""
    text = limits.pgbouncer(a_study(name="a;b\n[x]\n%include /y", **FACTS), most=6, share=250.0)
    (tmp_path / "limits.ini").write_text(text.replace("transaction\n", "nothing\n") if spoilt else text)
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port=9\n[pgbouncer]\nunix_socket_dir = {tmp_path}\nauth_type = any\n"
        f"%include {tmp_path}/limits.ini\n"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o777 if folder == tmp_path else 0o755)
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = ["pgbouncer", *user, f"{tmp_path}/pgbouncer.ini"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as started:
        told = ""
        for line in started.stderr or ():
            told += line
            if "process up" in line:
                started.terminate()
    assert ("process up" in told) != spoilt, told
    assert spoilt or (f"unix:{tmp_path}" in told and "max_client_conn: 250" in told), told
