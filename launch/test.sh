#!/usr/bin/env bash
# Formatting, lint, types and tests, on this machine:
#
#   bash launch/test.sh                 everything but the long tests
#   bash launch/test.sh -k drawer       arguments go to pytest
#   bash launch/test.sh -m long         the long tests
#
# Every check runs even if one before it fails; the exit status is 0 only if
# all passed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
set_up dev

export JAX_PLATFORMS="${JAX_PLATFORMS:-cpu}"
# One BLAS thread each: the workers share the cores already.
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}"

failed=()
check() { # NAME COMMAND...
  local name=$1 started=$SECONDS
  shift
  say "== $name"
  "$@" || failed+=("$name")
  say "== $name took $((SECONDS - started)) s"
}

check format "$python" -m ruff format --check .
check lint "$python" -m ruff check .
check types "$python" -m pyright --pythonpath "$python"
check tests "$python" -m pytest -q -n logical --maxprocesses 4 \
  --dist loadfile "$@"

if ((${#failed[@]})); then
  say "FAILED: ${failed[*]}"
  exit 1
fi
say 'All checks passed.'
