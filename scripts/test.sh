#!/usr/bin/env bash
# Runs every suite, one after the other, and says how long each took. All run even when one fails.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"

# Tests choose their own settings; those of a service that runs here must not leak in.
for name in DATABASE_URL "${!PZ_@}"; do
  [ "$name" = PZ_CACHE_DIR ] || unset "$name"
done

summary=()
failed=0

# suite NAME COMMAND…
suite() {
  local name=$1 began=$SECONDS outcome=passed
  shift
  step "$name"
  "$@" || { outcome=FAILED; failed=1; }
  summary+=("$(printf '%-52s %-7s %5d s' "$name" "$outcome" $((SECONDS - began)))")
}

# cargo-nextest when it is there (quicker, and says which test is slow), else cargo's own runner.
rust_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --no-fail-fast "$@"
  else
    cargo test --quiet --no-fail-fast --lib --bins --tests "$@"
  fi
}

suite "Rust, on SQLite and PostgreSQL" rust_tests
suite "Examples in the Rust documentation" cargo test --quiet --doc
suite "Web app, parts that need no browser" rust_tests --package ui-kit --package pz-web
suite "Release build" scripts/build.sh
suite "Through the pzserver library" scripts/e2e.sh python
suite "Through plain HTTP" scripts/e2e.sh http
suite "Attacked, through the API and in the browser" scripts/e2e.sh security
suite "Through clients generated from the API document" scripts/e2e.sh clients
suite "Generated requests to every operation" scripts/e2e.sh fuzz
suite "Tables to and from other libraries" scripts/e2e.sh interop
suite "In the browser" scripts/e2e.sh web

printf '\n'
printf '%s\n' "${summary[@]}"
exit "$failed"
