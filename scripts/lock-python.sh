#!/usr/bin/env bash
# Makes the lock files e2e/python/requirements-*.txt anew from the *.in files beside them.
#   lock-python.sh [NAME…]   those called so only
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/python.sh"

names=("$@")
if [ $# -eq 0 ]; then
  for wanted in "$root"/e2e/python/requirements-*.in; do
    name="$(basename "$wanted" .in)"
    names+=("${name#requirements-}")
  done
fi

for name in "${names[@]}"; do
  wanted="$root/e2e/python/requirements-$name.in"
  [ -f "$wanted" ] || fail "there is no $wanted"
  python="$(python_for "$name")" || fail "$name needs an older Python than this system has"
  step "Locking $name"
  scratch="$(mktemp -d)"
  "$python" -m venv "$scratch"
  "$scratch/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  {
    echo "# Made by \`just lock-python\` from requirements-$name.in; do not edit."
    "$scratch/bin/pip" freeze
  } >"$root/e2e/python/requirements-$name.txt"
  rm -rf "$scratch"
done
