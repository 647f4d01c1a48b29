#!/bin/sh
# Makes .venv with exactly the pinned dependencies; does nothing when they have not changed.
set -eu
cd "$(dirname "$0")/.."
pins=requirements/requirements.txt
stamp=.venv/.pins
if [ -f "$stamp" ] && cmp -s "$pins" "$stamp"; then exit 0; fi
python=$(sh scripts/python.sh)
echo "Setting up .venv with $("$python" --version) ..."
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$pins"
# Only what is needed at run time is compiled, so that the first run is not slower than the second.
.venv/bin/python -m compileall -q -j 0 .venv/lib/python3*/site-packages/ansible .venv/lib/python3*/site-packages/ansible_collections/amazon .venv/lib/python3*/site-packages/ansible_collections/community/aws .venv/lib/python3*/site-packages/botocore .venv/lib/python3*/site-packages/moto >/dev/null 2>&1 || true
cp "$pins" "$stamp"
