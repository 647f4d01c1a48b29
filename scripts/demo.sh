#!/bin/sh
# The try-out: an embedded AWS on this machine, the plan, the deployment, a release of the sample application that works,
# and a look at what exists.
set -eu
cd "$(dirname "$0")/.."
port=${PORT:-4566}
started=$(date +%s)

step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

step "Start the embedded AWS"
.venv/bin/python -m emulator start --port "$port"

play() { PORT=$port sh scripts/embedded.sh ansible-playbook -i inventories/local "$@"; }
beside() { PORT=$port sh scripts/embedded.sh python scripts/demo.py "$1"; }

step "Plan: what would be made (check mode writes nothing)"
play site.yml --check

step "Deploy both profiles"
play site.yml

step "A real PostgreSQL outside of AWS, for the ultra profile; its login goes where the summary asks for it"
beside outside

step "Images of the sample application: built, scanned and pushed, where podman is"
if beside base && play playbooks/runbooks/build_images.yml -e @reports/demo-images.json; then
  beside built
else
  beside prepared
fi

step "Release: migrate the real databases in tasks, then roll out; images run as processes from examples/app"
play playbooks/runbooks/rollout.yml -e @reports/demo-release.json

step "Apply again: schedules and limits of scaling follow the first release"
play site.yml

step "Work for both profiles"
beside work
play playbooks/runbooks/send_jobs.yml -e @reports/demo-jobs.json

step "The rows that it made"
beside rows

step "What exists now"
play playbooks/show.yml >/dev/null
cat reports/*/show.txt

step "What this does not prove (docs/embedded-aws.md)"
.venv/bin/python -m emulator unproven

at=$([ "$port" = 4566 ] || echo "PORT=$port ")
cat <<EOF

Done in $(($(date +%s) - started)) s. The embedded AWS listens on http://127.0.0.1:$port until you stop it.
  See a plan with all its values:  ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff --limit flow-builder-local
  Change something and plan again: ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff --limit flow-builder-local -e '{"stack_components_once": {"api": {"cpu": 512, "memory": 1024}}}'
  Pages to look at:                reports/flow-builder-local/show.html
  Take the stacks away:            make destroy
  Stop the embedded AWS:           make aws-down
EOF
