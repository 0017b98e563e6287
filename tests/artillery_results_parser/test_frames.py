"""Tidy tables."""

import pandas as pd


def test_tables(read_v2, slice_of, block):
    """Each table has one row an observation and the period's index, -1 for the whole."""
    counters = {
        "vusers.created": 4,
        "vusers.created_by_name.a": 4,
        "http.responses": 3,
        "http.codes.200": 3,
        "errors.E": 1,
    }
    counters |= {"plugins.metrics-by-endpoint./x.codes.200": 3, "plugins.metrics-by-endpoint./x.errors.E": 1}
    names = ("http.response_time", "http.dns", "plugins.metrics-by-endpoint.response_time./x")
    frames = read_v2(slice_of(counters=counters, summaries={name: block() for name in names})).to_frames()
    assert list(frames) == ["periods", "codes", "errors", "endpoints", "scenarios", "summaries"]
    assert frames["periods"]["period"].tolist() == [-1, 0]
    assert frames["periods"]["response_time_p95"].tolist() == [0.0603, 0.0603]
    assert frames["periods"]["requests"].isna().all()
    assert frames["codes"].to_dict("records")[1] == {"period": 0, "code": 200, "count": 3}
    assert frames["errors"].to_dict("records")[0] == {"period": -1, "error": "E", "count": 1}
    assert frames["scenarios"].to_dict("records")[0] == {"period": -1, "scenario": "a", "created": 4}
    assert set(frames["summaries"]["name"]) == {"response_time", "http.dns"}
    endpoints = frames["endpoints"].query("period == 0").set_index("metric")
    assert endpoints.loc["p95", "value"] == 0.0603
    assert endpoints.loc["codes.200", "value"] == 3
    assert endpoints.loc["errors.E", "unit"] == "errors"


def test_empty_tables_keep_their_columns(read_v2):
    """Without codes there is a table of codes without rows."""
    frames = read_v2().to_frames()
    assert frames["codes"].columns.tolist() == ["period", "code", "count"]
    assert all(isinstance(frame, pd.DataFrame) for frame in frames.values())
    assert len(frames["endpoints"]) == 0
