#!/bin/sh
# Installs what builds images, filters packets and pools connections to PostgreSQL here, where it is absent and this user
# may: tests need it.
# Where it can't be, this says why, and those tests are skipped.
set -u
PATH=$PATH:/usr/sbin
command -v podman >/dev/null && command -v buildah >/dev/null && command -v nft >/dev/null &&
  command -v pgbouncer >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "podman, buildah, nft or pgbouncer are absent, and only root can install them by apt-get: some tests are skipped"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # no service is started
packages="podman buildah runc busybox-static ca-certificates nftables iproute2 pgbouncer"
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >/tmp/parts.$$ 2>&1 ||
  { echo "apt-get couldn't install $packages: some tests are skipped"; tail -n 3 /tmp/parts.$$; }
rm -f /tmp/parts.$$
