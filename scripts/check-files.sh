#!/usr/bin/env bash
# Rules for every file of the project that no other tool checks: nothing names the machine it was written on or
# the host its packages came from, and the lock files are complete.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/setup/common.sh"
cd "$root"
problems=0

# Tracked files and new ones that are not ignored.
project_files() { git ls-files --cached --others --exclude-standard -z -- "$@"; }

# forbid WHAT REGEX [FILES…]: no line may match.
forbid() {
  local what=$1 regex=$2 found
  shift 2
  if found="$(project_files "$@" | xargs -0 grep --line-number --with-filename --binary-files=without-match \
    --extended-regexp --regexp="$regex")"; then
    printf '%s:\n%s\n' "$what" "$found" >&2
    problems=1
  fi
}

# Cargo.lock names the index of crates by a fixed word, not an address that anything is fetched from.
registries='(static\.|index\.|//)crates\.io|pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.(org|com)|deb\.debian\.org|archive\.ubuntu\.com'
forbid "a package registry's host is named" "$registries"
forbid "a path of one machine is named" '(^|[^[:alnum:]_./-])/(work|root|home/[a-z]+)/'
forbid "the npm lock file says where packages came from" '"resolved"' 'e2e/package-lock.json'
forbid "the Python lock files must pin names and versions only" '(^-|://|@ )' 'e2e/python/requirements-*.txt'
forbid "clippy warnings are expected with a reason, never allowed" '#!?\[allow\(' '*.rs'
forbid "unfinished business" '\b(TO[D]O|FIX[M]E|XX[X])\b' '*.rs' '*.sh' '*.py' '*.js' '*.css'
forbid "white space at the end of a line" '[[:blank:]]$' '*.rs' '*.sh' '*.py' '*.js' '*.css' '*.toml' '*.json' 'just' 'justfile'

# Every locked crate comes with its checksum, from the one index (ours have neither). Its name is put together,
# because no file of ours names a registry.
if grep '^source = ' Cargo.lock | grep --invert-match --fixed-strings --line-regexp \
  'source = "registry+https://github.com/rust-lang/crates''.io-index"' >&2; then
  echo "Cargo.lock has a crate from elsewhere" >&2
  problems=1
fi

# Every setting is explained where people look for it.
while read -r setting; do
  grep --quiet --fixed-strings "\`$setting\`" docs/configuration.md ||
    { echo "docs/configuration.md does not explain $setting" >&2; problems=1; }
done < <(grep --only-matching --extended-regexp 'env = "[A-Z_]+"' crates/pz-server/src/config.rs | cut -d '"' -f 2)

# The README's test command is the one that is run here and by continuous integration.
grep --quiet --line-regexp --fixed-strings './just test' README.md ||
  { echo "README.md does not give the command ./just test" >&2; problems=1; }

exit "$problems"
