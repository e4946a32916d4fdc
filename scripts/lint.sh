#!/usr/bin/env bash
# Everything that can be said about the code without running it.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/python.sh"
cd "$root"
web=(--package ui-kit --package pz-web)

step "Formatting"
cargo fmt --all --check

step "Rules for files"
scripts/check-files.sh
"$(python_env lint)/bin/typos" --config typos.toml
shellcheck just .ci/run scripts/*.sh scripts/setup/*.sh

step "Warnings, native"
cargo clippy --quiet --all-targets -- --deny warnings

step "Warnings, web app"
cargo clippy --quiet "${web[@]}" --target wasm32-unknown-unknown -- --deny warnings

step "Documentation"
RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --no-deps --document-private-items
