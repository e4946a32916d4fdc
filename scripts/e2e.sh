#!/usr/bin/env bash
# Runs the suites that drive the programs from outside: the release builds of the server and of pz-tables.
#   e2e.sh [all|python|http|security|clients|fuzz|interop|web] [options of pytest, of node --test, or of the fuzzer (fuzz --help)]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/system.sh"
. "$root/scripts/setup/python.sh"
suite="${1:-all}"
shift || true
export PZ_SERVER_BINARY="${PZ_SERVER_BINARY:-$CARGO_TARGET_DIR/release/pz-server}"
export PZ_TABLES_BINARY="${PZ_TABLES_BINARY:-$CARGO_TARGET_DIR/release/pz-tables}"
export PZ_WEB_DIR="${PZ_WEB_DIR:-$built_web_app}"

# with_python ENVIRONMENT FOLDER OPTIONS…
with_python() {
  local environment=$1 folder=$2
  shift 2
  cd "$root/e2e/python"
  "$(python_env "$environment")/bin/python" -m pytest "$folder" "$@"
}

# The other libraries, an older pyarrow beside them, and the environment that has lsdb.
with_libraries() {
  if python_for pyarrow17 >/dev/null; then
    PZ_PYARROW17_PYTHON="$(python_env pyarrow17)/bin/python"
    export PZ_PYARROW17_PYTHON
  fi
  PZ_LSDB_PYTHON="$(python_env pzserver)/bin/python"
  export PZ_LSDB_PYTHON
  with_python interop interop "$@"
}

# The clients that are generated from the API document: one in Python, and one in TypeScript.
with_generated_clients() {
  (with_python clients clients "$@")
  cd "$root/e2e"
  local made=out/clients/typescript said
  rm -rf "$made"
  said="$(node_modules/.bin/openapi-typescript "$root/openapi/openapi.json" --output "$made/api.d.ts" 2>&1)" ||
    fail "the TypeScript client could not be generated:" "$said"
  ! grep -qiE 'warn|⚠' <<<"$said" || fail "generating the TypeScript client left something out:" "$said"
  node_modules/.bin/tsc --project typescript
  node --test "$made"/*.test.js
}

# Every operation, called with generated requests.
with_fuzzer() {
  with_python schemathesis fuzz
  "$(python_env schemathesis)/bin/python" -m fuzz.run "$@"
}

# in_browser FOLDER OPTIONS…
in_browser() {
  local folder=$1
  shift
  CHROME="$(find_chrome)"
  export CHROME
  cd "$root/e2e"
  node --test --test-concurrency=1 "$@" "$folder"/*.test.js
}

# The attacks: on the API, byte by byte, and in the browser. Options are pytest's.
with_attacks() {
  (with_python interop security "$@")
  in_browser security
}

case "$suite" in
  python) with_python pzserver library "$@" ;;
  http) with_python interop http "$@" ;;
  security) with_attacks "$@" ;;
  clients) with_generated_clients "$@" ;;
  fuzz) with_fuzzer "$@" ;;
  interop) with_libraries "$@" ;;
  web) in_browser web "$@" ;;
  all)
    (with_python pzserver library "$@")
    (with_python interop http "$@")
    (with_attacks "$@")
    (with_generated_clients "$@")
    (with_fuzzer)
    (with_libraries "$@")
    in_browser web
    ;;
  *) fail "there is no suite '$suite'; there are all, python, http, security, clients, fuzz, interop, web" ;;
esac
