#!/usr/bin/env bash
# Run the tests on every CPython from 3.11 on that this machine has, each in an environment of its own.
#
#     tests/pythons.sh [--newer-than PYTHON] [ARGUMENTS OF PYTEST]        after `make setup`, whose build serves them all
#     tests/pythons.sh --list                                             print the Pythons and run nothing
#
# With --newer-than it is the newest one alone, and none if PYTHON is as new.
set -euo pipefail
cd "$(dirname "$0")/.."

# 3.12, 3.13t, ... of a released CPython that can make environments; nothing of any other
version='import sys, sysconfig, ensurepip; sys.implementation.name == "cpython" and (
    sys.version_info >= (3, 11) and sys.version_info.releaselevel == "final") and print(
    sysconfig.get_config_var("py_version_short") + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""))'
declare -A pythons
for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 $(compgen -c python3. | grep -E '^python3\.[0-9]+t?$'); do
    found=$("$python" -c "$version" 2>/dev/null) || continue
    [ -z "$found" ] || : "${pythons[$found]:=$python}"
done
versions=$(printf '%s\n' "${!pythons[@]}" | sort -V)

if [ "${1:-}" = --list ]; then
    for found in $versions; do echo "${pythons[$found]}"; done
    exit
fi

if [ "${1:-}" = --newer-than ]; then
    ours=$("$2" -c "$version")
    versions=$(printf '%s\n' "$ours" $versions | grep -v t | sort -V | tail -1)
    [ "$versions" != "$ours" ] || { echo "no Python newer than $ours is installed"; exit 0; }
    shift 2
fi

for found in $versions; do
    environment=build/pythons/$found
    echo "== CPython $found: ${pythons[$found]}"
    [ -e "$environment/bin/pip" ] || "${pythons[$found]}" -m venv "$environment"
    "$environment/bin/pip" install --quiet --upgrade pip
    "$environment/bin/pip" install --quiet --group test 'numpy>=1.26' 'tqdm>=4.60'
    [[ $found != *t ]] || "$environment/bin/pip" install --quiet --no-deps --editable .
    "$environment/bin/python" -m pytest -p no:cacheprovider "$@"
done
