#!/bin/sh
# Runs a command against the embedded AWS: sh scripts/embedded.sh ansible-playbook site.yml
# Only the process environment says which AWS a run talks to; these variables are all there is to it.
set -eu
cd "$(dirname "$0")/.."
export AWS_ENDPOINT_URL="http://127.0.0.1:${PORT:-4566}"
# Long and unlikely values: Ansible hides every occurrence of a secret key in its output.
export AWS_ACCESS_KEY_ID=embeddedaccesskey AWS_SECRET_ACCESS_KEY=embeddedsecretkeyofnoaccount
export AWS_EC2_METADATA_DISABLED=true
# With these podman and buildah push to and pull from its registry, which speaks plain HTTP on the loopback.
settings="$PWD/.emulator/${PORT:-4566}/containers"
if [ -d "$settings" ]; then
  export CONTAINERS_REGISTRIES_CONF="$settings/registries.conf" CONTAINERS_CONF="$settings/containers.conf"
  export BUILDAH_ISOLATION=chroot
fi
export PATH="$PWD/.venv/bin:$PATH"
exec "$@"
