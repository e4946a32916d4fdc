#!/usr/bin/env bash
# Uploads every Parquet file of a directory through the pzserver library, compares what comes back with what went
# in, and takes a picture of each product's page (e2e/out/acceptance).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/system.sh"
. "$root/scripts/setup/python.sh"
[ -d "${1:-}" ] || fail "usage: ./just acceptance DIR, where DIR holds Parquet files"

CHROME="$(find_chrome)"
export CHROME
export PZ_SERVER_BINARY="${PZ_SERVER_BINARY:-$CARGO_TARGET_DIR/release/pz-server}"
export PZ_WEB_DIR="${PZ_WEB_DIR:-$built_web_app}"
directory="$(cd "$1" && pwd)"
cd "$root/e2e/python"
"$(python_env pzserver)/bin/python" acceptance.py "$directory"
