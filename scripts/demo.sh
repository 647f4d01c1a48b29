#!/bin/sh
# The try-out: an embedded AWS on this machine, the plan, the deployment, and a look at what exists.
set -eu
cd "$(dirname "$0")/.."
port=${PORT:-4566}
started=$(date +%s)

step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

step "Start the embedded AWS"
.venv/bin/python -m emulator start --port "$port"

play() { PORT=$port sh scripts/embedded.sh ansible-playbook -i inventories/local "$@"; }
# The pipe waits for the first release of the worker; here the bootstrap image stands for one, and every job succeeds.
running='{"pipes_running": true}'

step "Plan: what would be made (check mode writes nothing)"
play site.yml --check -e "$running"

step "Deploy both profiles"
play site.yml -e "$running"

step "Ten jobs through the ultra profile's pipe, a task for each"
play playbooks/runbooks/send_jobs.yml -e send_jobs_count=10

step "What exists now"
play playbooks/show.yml >/dev/null
cat reports/*/show.txt

step "What this does not prove (docs/embedded-aws.md)"
.venv/bin/python -m emulator unproven

at=$([ "$port" = 4566 ] || echo "PORT=$port ")
cat <<EOF

Done in $(($(date +%s) - started)) s. The embedded AWS listens on http://127.0.0.1:$port until you stop it.
  See a plan with all its values:  ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff --limit flow-builder-local
  Change something and plan again: ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff --limit flow-builder-local -e ecs_api_cpu=512
  Pages to look at:                reports/flow-builder-local/show.html
  Take the stacks away:            make destroy
  Stop the embedded AWS:           make aws-down
EOF
