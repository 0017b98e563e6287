"""Record the runs of storefront and stations again: `python data/recording/record.py [--only NAME] [--smoke]`.

Needs Node 18 or newer, npm and nginx on a Unix machine; as root the recording runs above everything else on
it, so that other work is not recorded. Artillery is installed into a temporary folder. All traffic stays on
127.0.0.1. It takes as long as the runs, about an hour, and replaces the exports and truth files in
data/storefront and data/stations and the checksums in data/README.md. `--smoke` plays each script with phases
of four seconds into a temporary folder instead.
"""

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

import checksums
import rig
import verify
import yaml

HERE = Path(__file__).parent
STOREFRONT = HERE.parent / "storefront"
STATIONS = HERE.parent / "stations"
INSTANCES = {"basic": 1, "stress": 1, "spike": 1, "steps-1": 1, "steps-2": 2, "steps-4": 4}
OPTIONS = {  # of station.mjs, by run
    "deterministic": "--workers 6 --mean-ms 30 --law deterministic",
    "hyperexponential": "--workers 10 --mean-ms 40 --law hyperexponential:4",
    "delayed": "--workers 4 --mean-ms 20 --law exponential --delay-ms 15 --seed 12",
    "contended": "--workers 100 --mean-ms 48 --law exponential --contention 0.03,0.001078",
    "time-outs": "--workers 8 --mean-ms 40 --law exponential --queue 4000 --seed 13",
    "unsaturated": "--workers 8 --mean-ms 32 --law lognormal:2",
    "unsaturated-next": "--workers 8 --mean-ms 32 --law lognormal:2 --seed 22",
}
PLAIN_LIMIT = 300_000  # larger exports are stored compressed [bytes]
QUIET = {
    "PUPPETEER_SKIP_DOWNLOAD": "1",
    "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1",
    "ARTILLERY_DISABLE_TELEMETRY": "true",
}


def install(folder: Path) -> Path:
    """Install the pinned Artillery into `folder` and return its command."""
    shutil.copy(HERE / "package.json", folder)
    npm = ["npm", "install", "--omit=dev", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    subprocess.run(npm, cwd=folder, env=os.environ | QUIET, check=True)
    return folder / "node_modules" / ".bin" / "artillery"


def shortened(script: Path, folder: Path) -> Path:
    """Return a copy of the script whose phases last four seconds."""
    parsed = yaml.safe_load(script.read_text())
    for phase in parsed["config"]["phases"]:
        phase["duration"] = 4
    copy = folder / script.name
    copy.write_text(yaml.safe_dump(parsed, sort_keys=False))
    return copy


def play(artillery: Path, script: Path, export: Path) -> None:
    """Run one script and leave Artillery's own JSON, unedited, at `export`."""
    command = [str(artillery), "run", "--quiet", "--output", str(export), str(script)]
    environment = os.environ | QUIET
    with subprocess.Popen(command, env=environment, cwd=export.parent, start_new_session=True) as process:
        rig.above_others(process)
        rig.on_core(process, 1)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def stored(export: Path, target: Path) -> None:
    """Copy an export to the data folder, compressed when it is large, and drop its other form."""
    packed = target.with_name(target.name + ".gz")
    small = export.stat().st_size < PLAIN_LIMIT
    (packed if small else target).unlink(missing_ok=True)
    if small:
        shutil.copy(export, target)
    else:
        packed.write_bytes(gzip.compress(export.read_bytes(), mtime=0))


def running(name: str, folder: Path, truth: Path, options: list[str]) -> AbstractContextManager[None]:
    """Return what a run is played against, to be entered: its station, or the instances of the storefront."""
    if name in OPTIONS:
        return rig.running_station(truth, [*OPTIONS[name].split(), *options])
    return rig.running_storefront(folder, INSTANCES[name], truth, options)


def record(artillery: Path, name: str, folder: Path, *, smoke: bool, options: list[str]) -> None:
    """Record one run and, unless it is a smoke, store its export and truth."""
    home = STATIONS if name in OPTIONS else STOREFRONT
    script = home / f"{name}.yml"
    script = shortened(script, folder) if smoke else script
    export, truth = folder / f"{name}.json", folder / f"{name}.truth.json"
    with running(name, folder, truth, options):
        play(artillery, script, export)
        time.sleep(3)
    verify.refuse_leaks(export)
    print(verify.told(script, export, truth), flush=True)
    if not smoke:
        stored(export, home / export.name)
        shutil.copy(truth, home / truth.name)


def main() -> None:
    """Read the command line and record."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--only",
        choices=[*INSTANCES, *OPTIONS],
        action="append",
        help="record this run alone (may be repeated)",
    )
    parser.add_argument("--smoke", action="store_true", help="short phases, nothing stored")
    parser.add_argument(
        "--artillery", type=Path, help="an Artillery already installed, instead of installing one"
    )
    parser.add_argument(
        "--workers", help="workers instead of as many as the run has (a smoke of the generator)"
    )
    given = parser.parse_args()
    if given.workers and not given.smoke:
        parser.error("--workers changes the service whose capacity is known; use it with --smoke")
    with tempfile.TemporaryDirectory(prefix="storefront-") as temporary:
        folder = Path(temporary)
        artillery = given.artillery or install(folder)
        for name in given.only or [*INSTANCES, *OPTIONS]:
            options = ["--workers", given.workers] if given.workers else []
            record(artillery.resolve(), name, folder, smoke=given.smoke, options=options)
    if not given.smoke:
        checksums.main()


if __name__ == "__main__":
    sys.exit(main())
