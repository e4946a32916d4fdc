#!/usr/bin/env bash
# Licences, second versions, sources and known advisories of every crate, as deny.toml has them. Brings cargo-deny when
# it is not there; with --when-installed it does not, and says that nothing was checked.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"

if ! cargo deny --version >/dev/null 2>&1; then
  if [ "${1:-}" = --when-installed ]; then
    step "Licences and advisories were NOT checked: cargo-deny is not installed; ./just audit brings it"
    exit 0
  fi
  step "Installing cargo-deny (some minutes, once)"
  cargo install cargo-deny --locked --quiet
fi

step "Licences, second versions and sources of the crates"
cargo deny --workspace check --hide-inclusion-graph bans licenses sources

step "Known advisories"
if cargo deny --workspace fetch db 2>/dev/null; then
  cargo deny --workspace check --disable-fetch advisories
else
  printf '\n%s\n%s\n\n' \
    "!!! THE DATABASE OF ADVISORIES CANNOT BE REACHED: nothing was looked up." \
    "!!! The floors in scripts/check-files.sh hold all the same; run ./just audit where there is a network." >&2
fi
