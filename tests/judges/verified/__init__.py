"""moto's own tests that were run on AWS judge the embedded AWS.

The repository getmoto/moto (Apache-2.0, commit 0af643a, which follows 5.2.3) marks tests by `@pytest.mark.aws_verified`
and by decorators such as `sqs_aws_verified`: its maintainers ran them on AWS. moto passes them; so must moto with our
corrections and strict rules::

    VERIFIED=GITDIR python -m tests.judges.verified [--show] [PATTERN ...]

GITDIR is that repository, bare or not. Its tests run twice with the project's own environment, from an export under
`.cache/verified`: on moto in their process, which tells what each of them calls, and against the embedded AWS as they run
on AWS, without any mock. Their sleeping moves its clock instead. A test that passes on moto and not there needs its
reason in `differences.txt`, whether we call its operations or not: our corrections may not break what moto does right.

It can't judge what none of these tests looks at (RDS but for three, pipes, ECS, ECR, ELB's rules, scheduler, scaling but
for target tracking), what moto answers otherwise than AWS where no test looks, or what only AWS's delay would show. Nothing
of these tests comes into this repository.
"""
