#!/usr/bin/env bash
# Brings what a task needs and is not there yet; says nothing and takes a moment when all is there.
#   setup.sh build   what building and running the service needs
#   setup.sh lint    that, and what the checks need
#   setup.sh test    that, and what every test needs
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
. "$root/scripts/setup/system.sh"
. "$root/scripts/setup/rust.sh"
. "$root/scripts/setup/python.sh"
. "$root/scripts/setup/node.sh"
mkdir -p "$PZ_CACHE_DIR"

setup_build() {
  require_build_packages
  require_rust
}

setup_lint() {
  setup_build
  require_lint_packages
  require_python_env lint "for the spelling check"
}

setup_test() {
  setup_build
  require_test_packages
  require_python_env pzserver "with the real pzserver library"
  require_python_env clients "with the generator of Python clients"
  require_python_env schemathesis "with schemathesis, which calls every operation"
  require_python_env interop "with other libraries that read and write tables"
  if python_for pyarrow17 >/dev/null; then
    require_python_env pyarrow17 "with an older pyarrow"
  else
    step "The tests with pyarrow 17 are left out: it needs Python 3.11 or 3.12"
  fi
  require_node
  require_node_packages
}

case "${1:-}" in
  build | lint | test) "setup_$1" ;;
  *) fail "usage: scripts/setup.sh build|lint|test" ;;
esac
