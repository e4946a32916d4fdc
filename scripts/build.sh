#!/usr/bin/env bash
# Builds the service and the web app as they are shipped. Quick when nothing changed.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"

if [ ! -x "$CARGO_TARGET_DIR/release/pz-server" ]; then
  step "Building the service and the web app (the first time takes several minutes)"
fi
cargo build --release --package pz-server --package pz-tables
cargo xtask web --out "$built_web_app"
