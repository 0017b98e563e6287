"""Write data/storefront/traffic-synthetic.csv, made up and seeded: `python data/recording/traffic.py`.

    rate(t) = EVENING * (1 + GROWTH)**(months to the end, negative) * shape(hour of the week) * campaign(t)
              * exp(noise(t))

with an hour-to-hour noise that remembers (AR(1)) on top of one that differs from day to day.
Only the standard library is used, so the bytes are the same everywhere.
"""

import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

FILE = Path(__file__).parents[1] / "storefront" / "traffic-synthetic.csv"
SEED = 20261115
BEGIN = datetime(2026, 5, 18, tzinfo=UTC)
END = datetime(2026, 11, 16, tzinfo=UTC)  # the hour after the last: 26 weeks
EVENING = 156.0  # rate in the busiest hour of the week at the end, before noise [req/s]
GROWTH = 0.04  # a month of 365.25/12 days [fraction]
MEMORY, HOURLY, DAILY = 0.85, 0.035, 0.03  # AR(1) coefficient; standard deviations of the log rate
WEEK = (0.97, 0.98, 1.00, 0.99, 0.95, 0.80, 0.86)  # Monday ... Sunday [fraction of the busiest day]
CAMPAIGNS = {
    datetime(2026, 7, 9, tzinfo=UTC): (4, 1.25),
    datetime(2026, 10, 1, tzinfo=UTC): (5, 1.30),
}  # days, factor


def shape(moment: datetime) -> float:
    """Return the share of the busiest hour: a hump at 12:30 UTC, a higher one at 19:00, a quiet night."""
    hour = moment.hour + 0.5
    noon = math.exp(-(((hour - 12.5) / 3.2) ** 2) / 2)
    evening = math.exp(-(((hour - 19.5) / 2.3) ** 2) / 2)
    return WEEK[moment.weekday()] * (0.12 + 0.62 * noon + 0.86 * evening)


def campaign(moment: datetime) -> float:
    """Return the factor of a campaign: full on its first day, fading linearly to its last."""
    factor = 1.0
    for start, (days, first_day) in CAMPAIGNS.items():
        day = (moment - start).days
        if 0 <= day < days:
            factor *= 1 + (first_day - 1) * (1 - day / days)
    return factor


def growth(moment: datetime) -> float:
    """Return the level relative to the end."""
    months = (moment - END) / timedelta(days=365.25 / 12)
    return (1 + GROWTH) ** months


def csv() -> str:
    """Return the whole file: the start of each hour and the requests in it."""
    rng = random.Random(SEED)  # a made-up history needs no secrecy
    hourly, daily, lines = 0.0, 0.0, ["timestamp,requests"]
    for hour in range(int((END - BEGIN) / timedelta(hours=1))):
        moment = BEGIN + timedelta(hours=hour)
        if moment.hour == 0:
            daily = rng.gauss(0, DAILY)
        hourly = MEMORY * hourly + math.sqrt(1 - MEMORY**2) * rng.gauss(0, HOURLY)
        rate = EVENING * growth(moment) * shape(moment) * campaign(moment) * math.exp(hourly + daily)
        lines.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},{round(3600 * rate)}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the file."""
    FILE.write_text(csv(), newline="\n")


if __name__ == "__main__":
    main()
