#!/usr/bin/env bash
# Fuzzes the readers of tables, guided by coverage, starting from the files of the tests.
#   fuzz.sh [READER|all] [SECONDS]     text, parquet, fits, hdf5, votable, archives; 60 seconds each
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
readers=(text parquet fits hdf5 votable archives)
[ "${1:-all}" = all ] || readers=("$1")
seconds="${2:-60}"

rustup toolchain list | grep -q '^nightly' || {
  step "Installing a nightly compiler (cargo-fuzz wants one)"
  rustup toolchain install nightly --profile minimal
}
cargo fuzz --version >/dev/null 2>&1 || {
  step "Installing cargo-fuzz (a minute or two)"
  cargo install --locked cargo-fuzz
}

for reader in "${readers[@]}"; do
  corpus="$PZ_CACHE_DIR/fuzz/$reader"
  seeds="$root/crates/pz-tables/tests/fixtures/$reader"
  mkdir -p "$corpus"
  step "Fuzzing $reader for $seconds s (corpus in $corpus)"
  # A panic of a decoder is caught where it happens; libFuzzer must not take the hook's word for it.
  (cd "$root" && RUSTUP_TOOLCHAIN=nightly cargo fuzz run "$reader" "$corpus" "$seeds" -- \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536)
done
