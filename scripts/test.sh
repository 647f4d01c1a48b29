#!/bin/sh
# The gate. Without arguments all stages, each timed; with arguments only those stages.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

lint() {
  ruff check .
  python scripts/document.py --check
  ansible-lint --offline --profile production
}
# Much of it waits, so there is one more than the cores.
unit() { python -m pytest -q -n 3 tests/unit; }
integration() {
  sh scripts/parts.sh
  # The reasons of skipped tests are printed.
  python -m pytest -q -rs -n 3 --dist loadfile --no-loadscope-reorder --durations=12 tests/integration
}
# Each has PROOFS=all; the gate has a part of each.
proofs() {
  PROOFS=all python -m pytest -q -n 2 --dist loadfile --durations=12 \
    tests/integration/test_cycle.py tests/integration/test_fast_profile.py tests/integration/test_killed.py \
    tests/integration/test_targets.py tests/integration/test_regions.py tests/integration/test_release_steps.py
}
eventual() { PROOFS=all python -m pytest -q -n 2 --dist load --durations=12 tests/integration/test_eventual.py; }
molecule() { (set -x; command molecule test --all); }

for stage in ${*:-lint unit integration molecule}; do
  started=$(date +%s)
  printf '\n== %s\n' "$stage"
  "$stage"
  printf '== %s took %s s\n' "$stage" "$(($(date +%s) - started))"
done
