#!/bin/sh
# Runs the units of the engine and the kinds with the newest boto3 that can be installed, in a venv of its own.
set -eu
cd "$(dirname "$0")/.."
venv=.cache/newest
mkdir -p .cache
[ -x "$venv/bin/python" ] || .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
# All that is pinned but boto3 and botocore, with what pip would take today in their place.
.venv/bin/uv pip freeze --python .venv/bin/python | grep -Ev '^(boto3|botocore)==' >.cache/newest.txt
.venv/bin/uv pip install --quiet --upgrade-package boto3 --upgrade-package botocore --python "$venv/bin/python" \
  -r .cache/newest.txt boto3
version() { "$1/bin/python" -c 'import botocore; print(botocore.__version__)'; }
echo "botocore: pinned $(version .venv), newest $(version "$venv")"
"$venv/bin/python" -m pytest -q -n 2 tests/unit/engine tests/unit/kinds
