#!/usr/bin/env bash
# The tests of corpus/ and training/ on the newest released Python that is installed, where it is newer than the one given.
#
#     tests/newer_python.sh PYTHON [NEWER]        NEWER: the interpreter to take (default: of PATH and pyenv, the newest)
set -euo pipefail
cd "$(dirname "$0")/.."

version_of() {  # "3 13 /its/python", nothing where it does not run or is no release
    "$1" -c 'import sys
if sys.version_info.releaselevel == "final" and sys.version_info >= (3, 11): print(*sys.version_info[:2], sys.executable)' \
        2>/dev/null || true
}

read -r major minor _ <<<"$(version_of "$1")"
candidates=${2:-$(compgen -c python3. | grep -E '^python3\.[0-9]+$'; ls "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 2>/dev/null || true)}
newest=$(for python in $candidates; do version_of "$python"; done | sort -k1,1n -k2,2n | tail -1)
read -r new_major new_minor python <<<"$newest"
if [ -z "$newest" ] || ((1000 * new_major + new_minor <= 1000 * major + minor)); then
    echo "no Python newer than $major.$minor is installed: the tests of corpus/ and training/ ran on $major.$minor only"
    exit 0
fi
echo "the tests of corpus/ and training/ on Python $new_major.$new_minor, $python"

venv=$PWD/.venv-python$new_major.$new_minor
tree=$PWD/build/python$new_major.$new_minor
if [ ! -e "$venv/.ready" ]; then
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: 'numpy>=1.26' 'cython>=3.1' \
        'setuptools>=77' 'tqdm>=4.60' 'pytest>=8' 'hypothesis>=6.100' 'backports.zstd>=1.0'
    touch "$venv/.ready"
fi
mkdir -p "$tree"
find "$tree" -name '*.py' -delete
tar -cf - --exclude='*.so' --exclude=__pycache__ w2v_fast tests setup.py pyproject.toml README.md LICENSE |
    tar -xf - -C "$tree"
cd "$tree"
"$venv/bin/python" setup.py --quiet build_ext --inplace >"$tree/build.log" 2>&1 || { cat "$tree/build.log" >&2; exit 1; }
exec "$venv/bin/python" -m pytest -p no:cacheprovider tests/corpus tests/training
