#!/usr/bin/env bash
# The API document openapi/openapi.json comes from the code.
#   openapi.sh write   write it anew
#   openapi.sh check   fail when it is not what the code says
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"
document=openapi/openapi.json

cargo build --quiet --release --package pz-server --package pz-tables
fresh="$(mktemp)"
trap 'rm -f "$fresh"' EXIT
"$CARGO_TARGET_DIR/release/pz-server" openapi >"$fresh"

case "${1:-}" in
  write)
    mkdir -p "$(dirname "$document")"
    cp "$fresh" "$document"
    echo "wrote $document"
    ;;
  check)
    diff --unified "$document" "$fresh" ||
      fail "$document is not what the code says" "run ./just openapi and commit the result"
    ;;
  *) fail "usage: scripts/openapi.sh write|check" ;;
esac
