#!/usr/bin/env bash
# Makes the lock files e2e/python/requirements-*.txt anew from the *.in files beside them.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"

for wanted in "$root"/e2e/python/requirements-*.in; do
  name="$(basename "$wanted" .in)"
  step "Locking $name"
  scratch="$(mktemp -d)"
  python3 -m venv "$scratch"
  "$scratch/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  {
    echo "# Made by \`just lock-python\` from $name.in; do not edit."
    "$scratch/bin/pip" freeze
  } >"$root/e2e/python/$name.txt"
  rm -rf "$scratch"
done
