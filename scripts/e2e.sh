#!/usr/bin/env bash
# Runs the suites that drive a running server from outside. The server is the release build.
#   e2e.sh [all|python|http|web] [options of pytest or of node --test]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/system.sh"
. "$root/scripts/setup/python.sh"
suite="${1:-all}"
shift || true
export PZ_SERVER_BINARY="${PZ_SERVER_BINARY:-$CARGO_TARGET_DIR/release/pz-server}"
export PZ_WEB_DIR="${PZ_WEB_DIR:-$built_web_app}"

# with_python ENVIRONMENT FOLDER OPTIONS…
with_python() {
  local environment=$1 folder=$2
  shift 2
  cd "$root/e2e/python"
  "$(python_env "$environment")/bin/python" -m pytest "$folder" "$@"
}

in_browser() {
  CHROME="$(find_chrome)"
  export CHROME
  cd "$root/e2e"
  node --test --test-concurrency=1 "$@" web/*.test.js
}

case "$suite" in
  python) with_python pzserver library "$@" ;;
  http) with_python interop http "$@" ;;
  web) in_browser "$@" ;;
  all)
    (with_python pzserver library "$@")
    (with_python interop http "$@")
    in_browser
    ;;
  *) fail "there is no suite '$suite'; there are all, python, http, web" ;;
esac
