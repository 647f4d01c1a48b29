"""Cloud Custodian's recordings judge the shapes of the embedded AWS's answers.

The judge: cloud-custodian/cloud-custodian at df800e9 (Apache-2.0), whose tests/data/placebo has AWS's answers as
recorded for its tests. For each operation that a kind reads with, and each object in its answers: a key that most of the
recorded objects carry must be in most of ours. Recordings without ResponseMetadata were trimmed by hand and are left out.

It can't judge values, what AWS has begun to answer since, or operations that nobody recorded.

    PLACEBO=DIR python -m pytest tests/judges/shapes      # DIR: a clone, bare or not
"""
