#!/usr/bin/env bash
# Everything a change must pass, in the order that finds mistakes soonest.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"

scripts/setup.sh lint
scripts/lint.sh
step "Lock file of the crates"
cargo metadata --locked --format-version 1 >/dev/null
scripts/audit.sh --when-installed
step "Release build of the service and the web app"
scripts/build.sh
step "API document"
scripts/openapi.sh check
step "The README's test command"
./just test
