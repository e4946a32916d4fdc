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

# Versions from which a crate that reads what users send has no known hole; what must not come in has none.
# Advisories: RUSTSEC-2026-0194, -0195, -0067, -0068, 2025-0168, 2025-0111, 2024-0358.
while read -r crate least; do
  while read -r found; do
    if [ "$least" = never ]; then
      echo "Cargo.lock has $crate, which must not come in; deny.toml says why" >&2
      problems=1
    elif ! at_least "$found" "$least"; then
      echo "Cargo.lock has $crate $found, which has a known hole; $least is free of it" >&2
      problems=1
    fi
  done < <(grep --after-context 1 --line-regexp --fixed-strings "name = \"$crate\"" Cargo.lock | sed -n 's/^version = "\(.*\)"$/\1/p')
done <<'FLOORS'
quick-xml 0.41
tar 0.4.45
zip 2.3
object_store 0.10.2
tokio-tar never
openssl never
serde-pickle never
serde_yaml never
FLOORS

# What docs/security.md names is there: files, and in them the tests, as `path::name`.
# shellcheck disable=SC2016 # these are Markdown's backticks
in_backticks='`[a-zA-Z0-9_.-]+/[a-zA-Z0-9_./-]+(::[^`]+)?`'
while IFS= read -r named; do
  file="${named%%::*}"
  test="${named#"$file"}"
  test="${test#::}"
  if [ ! -e "$file" ]; then
    echo "docs/security.md names $file, which is not there" >&2
    problems=1
  elif [ -n "$test" ] && ! grep --quiet --extended-regexp "(fn|def) $test\b|test\([\`\"]$test|on_both_databases!\(.*\b$test\b" "$file"; then
    echo "docs/security.md names the test $test, which is not in $file" >&2
    problems=1
  fi
done < <(grep --only-matching --extended-regexp "$in_backticks" docs/security.md | tr -d '`' | sort --unique)

# Every setting is explained where people look for it.
while read -r setting; do
  grep --quiet --fixed-strings "\`$setting\`" docs/configuration.md ||
    { echo "docs/configuration.md does not explain $setting" >&2; problems=1; }
done < <(grep --no-filename --only-matching --extended-regexp 'env = "[A-Z_]+"' crates/pz-server/src/config.rs \
  crates/pz-server/src/config/*.rs crates/pz-server/src/limits/settings.rs | cut -d '"' -f 2)

# The README's test command is the one that is run here and by continuous integration.
grep --quiet --line-regexp --fixed-strings './just test' README.md ||
  { echo "README.md does not give the command ./just test" >&2; problems=1; }

exit "$problems"
