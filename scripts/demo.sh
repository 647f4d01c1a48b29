#!/bin/sh
# The try-out: an embedded AWS on this machine, the plan, the deployment, and a look at what exists.
set -eu
cd "$(dirname "$0")/.."
port=${PORT:-4566}
started=$(date +%s)

step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

step "Start the embedded AWS"
.venv/bin/python -m emulator start --port "$port"

step "Plan: what would be made (check mode writes nothing)"
PORT=$port sh scripts/embedded.sh ansible-playbook site.yml -i inventories/local --check

step "Deploy"
PORT=$port sh scripts/embedded.sh ansible-playbook site.yml -i inventories/local

step "What exists now"
PORT=$port sh scripts/embedded.sh ansible-playbook playbooks/show.yml -i inventories/local >/dev/null
cat reports/*/show.txt

step "What this does not prove (docs/embedded-aws.md)"
.venv/bin/python -m emulator unproven

at=$([ "$port" = 4566 ] || echo "PORT=$port ")
cat <<EOF

Done in $(($(date +%s) - started)) s. The embedded AWS listens on http://127.0.0.1:$port until you stop it.
  See a plan with all its values:  ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff
  Change something and plan again: ${at}sh scripts/embedded.sh ansible-playbook site.yml --check --diff -e ecs_api_cpu=512
  Pages to look at:                reports/flow-builder-local/show.html
  Take the stack away:             make destroy
  Stop the embedded AWS:           make aws-down
EOF
