"""What can be wrong with a load test, by subject: the record, the load, the answers and their times.

A check of one test is a function ``(test, steps, slo) -> iterator of Finding``; a check of several tests of
one deployment takes a list of tests. Each module lists its own in `CHECKS`.
"""
