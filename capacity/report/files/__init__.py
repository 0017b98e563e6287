"""The files of a report for other programs."""
