#!/usr/bin/env bash
# Install a wheel into a fresh environment of each Python, where there is no compiler, and train, save and load with it.
#
#     tests/wheel.sh WHEEL PYTHON...
set -euo pipefail
wheel=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
for python in "$@"; do
    environment=$(mktemp -d)
    "$python" -m venv "$environment"
    PATH=$environment/bin pip install --quiet --only-binary :all: "$wheel"
    (cd / && PATH=$environment/bin python "$here/installed.py")
    rm -rf "$environment"
done
