#!/usr/bin/env bash
# Measures speed side by side with peers; the Python libraries among them are those of the tests.
#   bench.sh [options of pz-bench]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/system.sh"
. "$root/scripts/setup/python.sh"
export PZ_BENCH_PYTHON="${PZ_BENCH_PYTHON:-$(python_env interop)/bin/python}"

require_bench_packages

cd "$root"
# Together with what is shipped, so that no dependency is built a second time with other features.
cargo build --release --package pz-server --package pz-tables --package pz-bench
exec "$CARGO_TARGET_DIR/release/pz-bench" "$@"
