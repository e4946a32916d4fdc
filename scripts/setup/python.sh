# Python environments for the tests, one per lock file, outside the clone. Sourced, never run.

# python_for NAME: the interpreter of an environment. The older pyarrow has no packages for Python 3.13 and newer.
python_for() {
  local candidate newest=99
  [ "$1" != pyarrow17 ] || newest=12
  for candidate in python3 python3.12 python3.11; do
    "$candidate" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $newest))" 2>/dev/null || continue
    command -v "$candidate"
    return
  done
  return 1
}

# python_env NAME: the directory of the environment made from e2e/python/requirements-NAME.txt.
# Its name follows the lock file and the interpreter, so a change of either makes a new one.
python_env() {
  local lock="$root/e2e/python/requirements-$1.txt" python
  python="$(python_for "$1")" || python=none
  printf '%s/python/%s-%s\n' "$PZ_CACHE_DIR" "$1" "$(python_hash "$python" "$lock")"
}

python_hash() {
  { cat "$2"; "$1" -c 'import sys; print(sys.version)' 2>/dev/null || true; } | short_hash
}

require_python_env() {
  local name=$1 purpose=$2 dir python
  python="$(python_for "$name")" ||
    fail "the Python tests need Python 3.11 or newer (found $(python3 --version))"
  dir="$(python_env "$name")"
  [ -e "$dir/.complete" ] && "$dir/bin/python" -c pass 2>/dev/null && return
  step "Making a Python environment $purpose (a minute or two)"
  rm -rf "$dir"
  "$python" -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check \
    --requirement "$root/e2e/python/requirements-$name.txt"
  touch "$dir/.complete"
}
