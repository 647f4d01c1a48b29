#!/bin/sh
# Prints the newest Python that every dependency supports and that really runs here.
# pyenv's shims exit 127 for versions that are installed but not selected, so each candidate is tried.
set -u
root=$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")
for minor in 14 13 12; do
  for candidate in "python3.$minor" "$root"/versions/3."$minor"*/bin/python3 python3 python; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if "$path" -c "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, $minor))" 2>/dev/null; then
      # Of an activated venv, which may be the one that is made anew, the Python that it was made with.
      "$path" -c "import sys; print(sys._base_executable)"
      exit 0
    fi
  done
done
echo "No Python 3.12, 3.13 or 3.14 (with venv) was found: install one, for example 'pyenv install 3.13' or your system's python3.13 and python3.13-venv packages." >&2
exit 1
