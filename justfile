# The tasks of the Photo-z Server. Run them with ./just NAME; ./just --list shows them all.
# Each brings what it needs by itself (scripts/setup.sh) and is quick when all is there.

# Every line runs with the project's places and tools known; its arguments, as typed, are "$@".
set positional-arguments
set shell := ["bash", "-euo", "pipefail", "-c", '. scripts/setup/common.sh; shift; eval "$0"']

[doc("Show this list")]
[private]
default:
    @{{ just_executable() }} --justfile {{ quote(justfile()) }} --list --unsorted

# Build and start the service at http://127.0.0.1:8080, with demo data on the first start
[group('run')]
serve *options: (_setup "build")
    @scripts/serve.sh "$@"

# Run every test: Rust on SQLite and PostgreSQL, the pzserver library, a real browser
[group('check')]
test: (_setup "test")
    @scripts/test.sh

# Run the tests that drive a running server from outside, e.g. `just e2e python -k upload`
[group('check')]
e2e suite="all" *options: (_setup "test") build
    @scripts/e2e.sh "$@"

# Check formatting, warnings, documentation, spelling and the rules for files
[group('check')]
lint: (_setup "lint")
    @scripts/lint.sh

# Check licences, second versions, sources and known advisories of all crates (brings cargo-deny)
[group('check')]
audit: (_setup "build")
    @scripts/audit.sh "$@"

# Everything a change must pass: lint, test, a current API document, a release build
[group('check')]
ci: (_setup "test")
    @scripts/ci.sh

# Format the code
[group('change')]
fmt: (_setup "build")
    cargo fmt --all

# Write openapi/openapi.json anew from the code
[group('change')]
openapi: (_setup "build")
    @scripts/openapi.sh write

# Make the lock files of the Python test environments anew
[group('change')]
lock-python:
    @scripts/lock-python.sh

# Build the service and the web app as they are shipped
[group('run')]
build: (_setup "build")
    @scripts/build.sh

# Measure speed side by side with peers; `just bench --help` lists what can be measured
[group('measure')]
bench *options: (_setup "test") build
    @scripts/bench.sh "$@"

# Run the long tests: large files, many clients, memory watched
[group('measure')]
soak *options: (_setup "test") build
    scripts/bench.sh soak "$@"
    scripts/e2e.sh fuzz --random --examples 100 --at-least 10000
    PZ_SOAK_MB=${PZ_SOAK_MB:-2000} cargo test --release --package pz-tables --test it soak -- --ignored --nocapture --test-threads 1
    PZ_MUTANTS=20000 PZ_MUTANTS_SEED=$RANDOM cargo test --release --package pz-tables --test it mutants -- --nocapture --test-threads 1

# Fuzz the readers of tables, guided by coverage: `just fuzz fits 600`; all of them, a minute each, by default
[group('measure')]
fuzz reader="all" seconds="60": (_setup "build")
    @scripts/fuzz.sh "$@"

# Upload the tables in DIR through the pzserver library and look at each in the browser
[group('measure')]
acceptance dir: (_setup "test") build
    @scripts/acceptance.sh "$@"

[private]
_setup what:
    @scripts/setup.sh "$@"
