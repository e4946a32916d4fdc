# Shared by the launcher, the set-up and every task: where things live, and how we speak.
# Sourced, never run. Everything that can be made again lives outside the clone.

export PZ_CACHE_DIR="${PZ_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pz-server}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PZ_CACHE_DIR/target}"
built_web_app="$CARGO_TARGET_DIR/web"

# Tools of our own come first only when the system's were missing or too old; Rust's come last.
case ":$PATH:" in
  *":$PZ_CACHE_DIR/bin:"*) ;;
  *) export PATH="$PZ_CACHE_DIR/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin" ;;
esac

step() {
  if [ -t 2 ]; then printf '\033[1m==> %s\033[0m\n' "$*" >&2; else printf '==> %s\n' "$*" >&2; fi
}

# Stops with a message of one or more lines.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# at_least 1.40.0 1.27.0: is the first version the second one or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort --version-sort | head -n 1)" = "$2" ]; }

# The first 12 hex digits of the SHA-256 of standard input: names a directory after what it was made from.
short_hash() { sha256sum | cut -c 1-12; }
