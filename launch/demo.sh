#!/usr/bin/env bash
# The whole road at toy size, on this machine: no key, no GPU, no data.
#
#   bash launch/demo.sh
#   bash launch/demo.sh --help          arguments go to experiments.demo
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
set_up base
exec "$python" -m experiments.demo "$@"
