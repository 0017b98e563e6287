"""Stations and networks as events: an independent witness for the formulas, and the answer where there is none."""
