#!/bin/sh
# Both profiles' whole life from the installed tarball, on every ansible-core that the collection claims and every Python
# on this machine that it takes; with one that is known, the fast path, with others its announced absence.
#   VERSIONS="2.20 2.21" sh scripts/versions.sh
set -eu
cd "$(dirname "$0")/.."
status=0
for version in ${VERSIONS:-2.20 2.21 2.22}; do
  for minor in 12 13 14; do
    python=$(command -v "python3.$minor" 2>/dev/null || ls -d "$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")"/versions/3."$minor".*/bin/python3 2>/dev/null | tail -n 1)
    "${python:-false}" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python 3.$minor: not on this machine"; continue; }
    # 2.22 needs 3.13 or newer, and an index may not have it yet.
    if ! .venv/bin/uv pip compile --quiet --no-header --python "$python" - >/dev/null 2>&1 <<EOF
ansible-core==$version.*
EOF
    then
      echo "ansible-core $version on Python 3.$minor: not to be had"
      continue
    fi
    echo "== ansible-core $version on Python 3.$minor"
    INSTALLED_CORE="$version.*" INSTALLED_PYTHON="$python" .venv/bin/python -m pytest -q tests/integration/test_installed.py || status=1
  done
done
exit $status
