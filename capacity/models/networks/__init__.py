"""Networks of stations: open, closed and mixed ones, exactly where that is possible, and pools held together."""
