# Rust itself, exactly as rust-toolchain.toml says. Sourced, never run.

toolchain_entry() { sed -n "s/^$1 *= *//p" "$root/rust-toolchain.toml" | tr -d '[]",'; }

require_rust() {
  local channel components targets
  channel="$(toolchain_entry channel)"
  components="$(toolchain_entry components)"
  targets="$(toolchain_entry targets)"

  if ! have cargo && ! have rustup; then
    step "Installing Rust's installer, rustup, for this user"
    curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
      sh -s -- -y --quiet --profile minimal --default-toolchain none --no-modify-path >/dev/null ||
      fail "Rust's installer could not be fetched and run; please install Rust as https://rustup.rs says"
  fi
  if have rustup; then
    require_rustup_toolchain "$channel" "$components" "$targets"
  else
    require_system_rust "$channel" "$components" "$targets"
  fi
}

# Explicit, because rustup can be told (RUSTUP_AUTO_INSTALL=0) not to install by itself.
require_rustup_toolchain() {
  local channel=$1 name installed
  if ! rustup run "$channel" rustc --version >/dev/null 2>&1; then
    step "Installing Rust $channel"
    rustup toolchain install "$channel" --profile minimal --no-self-update
  fi
  installed="$(rustup component list --toolchain "$channel" --installed)"
  for name in $2; do
    grep -q "^$name" <<<"$installed" && continue
    step "Installing Rust's $name"
    rustup component add --toolchain "$channel" "$name"
  done
  installed="$(rustup target list --toolchain "$channel" --installed)"
  for name in $3; do
    grep -qx "$name" <<<"$installed" && continue
    step "Installing Rust's standard library for $name"
    rustup target add --toolchain "$channel" "$name"
  done
}

# Rust from somewhere else (a distribution): good enough when it is as new and has the parts.
require_system_rust() {
  local channel=$1 version name missing=()
  version="$(rustc --version | cut -d ' ' -f 2)"
  at_least "$version" "$channel" || missing+=("Rust $channel or newer (found $version)")
  for name in $2; do
    cargo "${name/rustfmt/fmt}" --version >/dev/null 2>&1 || missing+=("$name")
  done
  for name in $3; do
    [ -d "$(rustc --print sysroot)/lib/rustlib/$name" ] || missing+=("the standard library for $name")
  done
  [ ${#missing[@]} -eq 0 ] ||
    fail "this system's Rust lacks something; rustup (https://rustup.rs) would bring it. Missing:" "${missing[@]}"
}
