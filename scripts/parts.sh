#!/bin/sh
# Installs what builds images here, where it is absent and this user may: the tests of images need it.
# Where it can't be, this says why, and those tests are skipped.
set -u
command -v podman >/dev/null && command -v buildah >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "podman and buildah are absent, and only root can install them by apt-get: images aren't built in the tests"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
packages="podman buildah runc busybox-static ca-certificates"
{ apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >/tmp/parts.$$ 2>&1 ||
  { echo "apt-get couldn't install $packages: images aren't built in the tests"; tail -n 3 /tmp/parts.$$; }
rm -f /tmp/parts.$$
