#!/usr/bin/env bash
# Builds what changed and starts the service on a data directory that is made and filled when it is empty.
# Options are those of `pz-server serve`; environment variables: docs/configuration.md.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"

"$root/scripts/build.sh"
export PZ_DATA_DIR="${PZ_DATA_DIR:-$root/data}"
export PZ_WEB_DIR="${PZ_WEB_DIR:-$built_web_app}"
exec "$CARGO_TARGET_DIR/release/pz-server" serve --seed-demo "$@"
