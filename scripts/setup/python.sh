# Python environments for the tests, one per lock file, outside the clone. Sourced, never run.

# python_env NAME: the directory of the environment made from e2e/python/requirements-NAME.txt.
# Its name follows the lock file and the interpreter, so a change of either makes a new one.
python_env() {
  local lock="$root/e2e/python/requirements-$1.txt"
  : "${PZ_PYTHON_VERSION:=$(python3 -c 'import sys; print(sys.version)')}"
  printf '%s/python/%s-%s\n' "$PZ_CACHE_DIR" "$1" "$({ cat "$lock"; echo "$PZ_PYTHON_VERSION"; } | short_hash)"
}

require_python_env() {
  local name=$1 purpose=$2 dir
  dir="$(python_env "$name")"
  [ -e "$dir/.complete" ] && "$dir/bin/python" -c pass 2>/dev/null && return
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "the Python tests need Python 3.11 or newer (found $(python3 --version))"
  step "Making a Python environment $purpose (a minute or two)"
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check \
    --requirement "$root/e2e/python/requirements-$name.txt"
  touch "$dir/.complete"
}
