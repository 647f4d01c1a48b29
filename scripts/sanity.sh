#!/bin/sh
# What Ansible asks of a collection: ansible-test sanity, and the documentation as antsibull-docs builds it; in a venv and
# a folder of their own. The first run takes a minute or two, later ones seconds.
set -eu
cd "$(dirname "$0")/.."
root=$PWD venv=.cache/sanity/venv place=.cache/sanity/ansible_collections/flow_builder/aws
core=$(.venv/bin/python -c 'from ansible.release import __version__; print(__version__)')
mkdir -p .cache/sanity
[ -x "$venv/bin/antsibull-docs" ] || {
  .venv/bin/uv venv --quiet --python .venv/bin/python "$venv"
  .venv/bin/uv pip install --quiet --python "$venv/bin/python" "ansible-core==$core" antsibull-docs==2.28.0 setuptools
}
# ansible-test wants a git repository at .../ansible_collections/NAMESPACE/NAME, and not a link to one.
rm -rf "$place" && mkdir -p "$place"
git ls-files -z | grep -zvE '^(collections/ansible_collections|tests/|emulator/|bench/|scripts/|examples/app/)' |
  xargs -0 cp -P --parents -t "$place"
mkdir "$place/tests" && cp -R tests/config.yml tests/sanity "$place/tests"
for other in amazon community; do
  ln -sfn "$root"/.venv/lib/python3*/site-packages/ansible_collections/"$other" .cache/sanity/ansible_collections/
done
# It downloads get-pip, which is another host than the packages'; the Pythons that it makes have pip of their own.
home=$root/.cache/sanity/home && mkdir -p "$home/.ansible/test/cache"
cat >"$home/.ansible/test/cache/get_pip_25_2.py" <<'EOF'
import subprocess, sys
subprocess.run([sys.executable, "-m", "ensurepip", "--upgrade", "--default-pip"], check=True)
packages = [one for one in sys.argv[1:] if not one.startswith("-")]
subprocess.run([sys.executable, "-m", "pip", "install", "-q", *packages], check=True)
EOF
# Its Pythons are started by their names, which pyenv's shims answer to without being them.
python=$(dirname "$(.venv/bin/python -c 'import sys; print(sys._base_executable)')")
cd "$place"
git init -q && git add -A
HOME=$home PATH="$root/$venv/bin:$python:/usr/bin:/bin" ansible-test sanity --color no \
  --python "$("$root/.venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" "$@"
ANSIBLE_COLLECTIONS_PATH=$root/.cache/sanity "$root/$venv/bin/antsibull-docs" lint-collection-docs --plugin-docs .
