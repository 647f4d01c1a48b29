"""The judge of what roles and resources grant: the calls of whole runs, replayed with each grant taken away.

A grant is one action on one resource in one statement that allows. ``replay`` finds for each the recorded call of AWS's
that is denied without it; ``stories`` deploys a stack of each profile with all that an inventory can turn on, releases,
sends jobs, lets schedules and alarms go off, and enters tasks; ``breaks`` takes grants away from what is deployed and
sees the real run fail in AWS's words. ``python -m pytest tests/judges/grants -s`` prints the tables.

What it can't judge: what AWS needs beyond what its documentation says, since the calls are those of the embedded AWS,
whose data plane makes them as AWS's documentation has them; each names its source where it is made.
"""
