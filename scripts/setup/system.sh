# Programs of the operating system: installed with apt where we may, named clearly where we may not.
# Sourced, never run.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --non-interactive "$@"; fi
}

can_apt() {
  have apt-get || return 1
  [ "$(id -u)" -eq 0 ] || { have sudo && sudo --non-interactive true 2>/dev/null; }
}

# install_packages PACKAGE…: with apt, or a message that says what to install.
install_packages() {
  if ! can_apt; then
    if have apt-get; then
      fail "some programs are missing and this user may not install packages. Please run:" \
        "sudo apt-get install $*"
    fi
    fail "some programs are missing. Please install what your system calls these Debian packages:" "$@"
  fi
  step "Installing with apt: $*"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get -qq install --yes --no-install-recommends "$@" >/dev/null 2>&1 && return
  # The list of packages may be missing or old.
  as_root apt-get -qq update
  as_root apt-get -qq install --yes --no-install-recommends "$@" >/dev/null
}

# The directory of PostgreSQL's server programs: Debian keeps them off the PATH.
postgres_bin() {
  local found
  if found="$(command -v initdb)"; then
    dirname "$(readlink -f "$found")"
  else
    found="$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)"
    [ -x "$found/initdb" ] && printf '%s\n' "$found"
  fi
}

# A browser for the tests: $CHROME, else Chromium, else Chrome.
find_chrome() {
  if [ -n "${CHROME:-}" ]; then
    [ -x "$CHROME" ] || fail "CHROME=$CHROME is not a program that can be run"
    printf '%s\n' "$CHROME"
    return
  fi
  local name
  for name in chromium google-chrome google-chrome-stable chromium-browser; do
    command -v "$name" && return
  done
  return 1
}

is_ubuntu() { grep -qs '^ID=ubuntu' /etc/os-release; }

# A Python that can make virtual environments (Debian splits that off).
require_python() {
  if ! have python3 || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    install_packages python3-venv
  fi
}

# For building: a C compiler (SQLite, zstd and the TLS library are C), curl to fetch rustup.
require_build_packages() {
  local packages=()
  have cc || packages+=(gcc libc6-dev)
  have curl || packages+=(curl ca-certificates)
  [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
}

# For the checks: scripts are checked too.
require_lint_packages() {
  have shellcheck || install_packages shellcheck
  require_python
}

# For the benchmarks: nginx to compare downloads with, wrk to make requests.
require_bench_packages() {
  export PATH="$PATH:/usr/sbin"
  have wrk || install_packages wrk
  have nginx && return
  install_packages nginx-light
  # Only the program is wanted, not the service that the package starts.
  as_root systemctl disable --now nginx >/dev/null 2>&1 || as_root service nginx stop >/dev/null 2>&1 || true
}

# For the tests: both databases, a real browser, Python, unzip, STILTS (which brings Java).
require_test_packages() {
  local packages=()
  [ -n "$(postgres_bin)" ] || packages+=(postgresql)
  have unzip || packages+=(unzip)
  have stilts || packages+=(stilts)
  if ! find_chrome >/dev/null; then
    if is_ubuntu; then
      # Ubuntu's chromium package only installs a snap, which does not run in containers.
      fail "the browser tests need Chromium or Chrome." \
        "Please install Google Chrome, or set CHROME to the path of a Chromium."
    fi
    packages+=(chromium)
  fi
  [ ${#packages[@]} -eq 0 ] || install_packages "${packages[@]}"
  require_python
}
