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
# What each run imports is compiled once, also where the environment forbids to write that by the way. Collections aren't:
# Ansible's loader compiles them from source whatever is there.
(
  cd .venv/lib/python3*/site-packages
  python=../../../bin/python
  "$python" -m compileall -q -j 0 _pytest ansible blinker boto3 botocore charset_normalizer click cryptography dateutil \
    execnet flask flask_cors idna iniconfig itsdangerous jinja2 jmespath markupsafe moto packaging pluggy psycopg \
    pygments requests responses s3transfer urllib3 werkzeug xdist yaml
) >/dev/null 2>&1 || true
cp "$pins" "$stamp"
