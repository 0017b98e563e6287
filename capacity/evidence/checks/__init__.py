"""What can be wrong with a load test, by subject: the record, the load, the answers and their times.

A check of one test is a function ``(test, steps, slo) -> iterator of Finding``; one that knows more with the script
takes it as a fourth argument; a check of several tests takes a list of them and steps by name. Each module lists its
own in `CHECKS`, `CHECKS_WITH_SCRIPT`, `CHECKS_TOGETHER` (tests of one deployment) or `CHECKS_OF_ALL`.

Codes are stable. Each speaks against a claim, which it *voids* (it cannot be made), *weakens* (less certain, or
only with what the message says) or *notes*:

======================= ============= ===================== ============ ==============================================
code                    claim         severity              module       found when
======================= ============= ===================== ============ ==============================================
no_http                 capacity      voids                 record       no HTTP request was counted
nothing_answered        capacity      voids                 record       requests were sent, none was answered
nothing_succeeded       capacity      voids                 record       every answer was an error
nothing_succeeded       response time voids                 record       ... so no time is a success's
sums_disagree           totals        weakens, notes        record       periods do not add up to the totals
period_repeated         totals        weakens               record       two periods of one time; the later was left out
periods_unordered       totals        notes                 record       periods were not in order of time
clock_set_back          response time weakens               record       the generator's clock went back
gaps                    totals        notes                 record       time without a period that no pause explains
no_times                capacity      weakens               record       the export does not say when its periods were
generator_exhausted     capacity      voids, weakens        load         ports, descriptors or buffers ran out
burst                   capacity      voids                 load         the whole run is shorter than 30 s
short_steps             capacity      weakens, notes        load         loads held too briefly to be steady
short_burst             capacity      notes                 load         a jump of the load within two periods
interruption            capacity      weakens               load         a load failed for a while in between
backlog_grew            response time weakens               load         requests piled up over a step
hysteresis              capacity      weakens               hysteresis   a load answered differently after a higher one
drift                   response time weakens               steadiness   a served load ended while times or queue moved
warm_up                 response time notes                 steadiness   the beginning of a load differed and was cut
users_dropped           offered load  voids, weakens        offered      users not started: too many were active
script_differs          offered load  weakens               offered      the script is clearly longer or shorter
rate_not_kept           offered load  voids, weakens        offered      fewer or more users than a phase asks for
arrivals_late           offered load  weakens               offered      all users came, but late
load_stuttered          offered load  weakens               offered      fewer users in single periods of a held load
answers_unaccounted     error rate    weakens, notes        conservation requests neither answered nor failed, or both
littles_law             response time weakens, notes        conservation requests in flight contradict the times
errors_count_as_success error rate    voids                 answers      errors of users counted as completed
errors_count_as_success response time voids, weakens, notes answers      ... whose times are in the percentiles
client_errors           capacity      voids, weakens        answers      answers 4xx that count as served
fast_failures           response time voids                 answers      an endpoint's times are its rejections'
checks_failed           error rate    voids, weakens        answers      the script's own checks failed
availability_sample     availability  notes                 answers      always: what the sample supports
tail_by_endpoint        response time weakens               endpoints    one endpoint makes the whole test's percentile
slow_at_any_load        response time weakens               endpoints    an endpoint slow already at the lowest load
tail_without_queue      response time notes                 endpoints    slow answers at a load too low for queueing
survivors_only          response time voids, weakens, notes times        requests without an answer have no time
few_samples             response time weakens, notes        times        too few answers for a percentile
resolution              response time notes                 times        times near the clock's tick
never_saturated         capacity      weakens               together     no load reached the limit
no_baseline             capacity      weakens               together     no load stayed below the limit
no_usable_step          capacity      voids                 together     no load was held at all
coarse_levels           capacity      weakens, notes        together     no load was tested near the limit
single_load             capacity      weakens               together     all tests ran at one rate
only_ramps              capacity      weakens               together     the load was never held
mixes_differ            capacity      weakens               together     runs ask for endpoints in other shares
evenly_spaced_arrivals  response time notes                 together     the tool's arrivals are more regular than users
======================= ============= ===================== ============ ==============================================
"""
