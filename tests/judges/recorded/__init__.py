"""AWS's recorded answers judge the embedded AWS.

The archived repository localstack/localstack (Apache-2.0, commit 8b9a79f) holds tests that were run on real AWS, with
what AWS answered: `tests/aws/services/<service>/test_*.py` asks, `*.snapshot.json` has the answers. They run against any
endpoint, and so against the embedded AWS in strict mode::

    RECORDED=GITDIR python -m tests.judges.recorded s3 sns kms

GITDIR is that repository, bare or not. Its tests run in an environment of their own under `.cache/recorded`, from an
export that lies there as well; nothing of them comes into this repository. Only tests count all of whose calls are
operations that we call, too (`operations.txt`).

It can't judge what nobody recorded (pipes, ECS, ECR, RDS, load balancers, scaling), what a test says its own answers
can't be held against (`skip_snapshot_verify`), or what comes after the call at which a test breaks off.
"""
