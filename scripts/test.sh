#!/bin/sh
# The gate. Without arguments its four stages, each timed; with arguments only those stages, one after the other.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

lint() {
  ruff check .
  mypy
  python scripts/document.py --check
  # With awx.awx, which only those install who tell AWX something.
  ANSIBLE_COLLECTIONS_PATH="$(python -m tests.controller.collection):$PWD/collections" \
    ansible-lint --offline --profile production
}
# Much of it waits, so there is one more than the cores.
unit() { python -m pytest -q -n 3 tests/unit; }
integration() {
  sh scripts/parts.sh
  # The reasons of skipped tests are printed.
  python -m pytest -q -rs -n 3 --dist loadfile --no-loadscope-reorder --durations=30 tests/integration
}
# Each has PROOFS=all; the gate has a part of each. Late answers are mostly waited for, hence the workers.
proofs() {
  PROOFS=all python -m pytest -q -n 2 --dist loadfile --durations=12 \
    tests/integration/test_cycle.py tests/integration/test_fast_profile.py tests/integration/test_killed.py \
    tests/integration/test_targets.py tests/integration/test_regions.py tests/integration/test_release_steps.py \
    tests/integration/test_release.py tests/integration/test_release_ultra.py tests/integration/test_nat_modes.py \
    tests/integration/test_components.py tests/integration/test_elsewhere.py
}
eventual() { PROOFS=all python -m pytest -q -n 5 --dist load --durations=12 tests/integration/test_eventual.py; }
# What a run that was killed left would be taken for an instance that is there.
molecule() { command molecule reset --all >/dev/null 2>&1; (set -x; command molecule test --all); }
# What others know of AWS, against the embedded AWS and against us: docs/truth.md. The light part is in the unit tests.
judges() {
  : "${RECORDED:?names a clone of localstack/localstack (its tests' recorded answers), commit 8b9a79f}"
  : "${PLACEBO:?names a clone of cloud-custodian/cloud-custodian (its recordings), commit df800e9}"
  : "${VERIFIED:?names a clone of getmoto/moto (its tests that were run on AWS), commit 0af643a5d}"
  python -m pytest -q -rs -s tests/judges
  python -m tests.judges.recorded
  python -m tests.judges.verified
  sh scripts/newest.sh
}

run() {
  started=$(date +%s)
  printf '\n== %s\n' "$1"
  "$1"
  printf '== %s took %s s\n' "$1" "$(($(date +%s) - started))"
}

if [ $# = 0 ]; then
  # Each of these two keeps one core busy; what the second one says comes after the first one's.
  said=$(mktemp)
  run molecule >"$said" 2>&1 & second=$!
  run lint & first=$!
  status=0
  wait $first || status=$?
  wait $second || status=$?
  cat "$said"
  rm "$said"
  [ $status = 0 ] || exit $status
  set -- unit integration
fi
for stage; do run "$stage"; done
