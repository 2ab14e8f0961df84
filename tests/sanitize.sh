#!/usr/bin/env bash
# Build the extensions with AddressSanitizer and UndefinedBehaviorSanitizer in a copy of the tree, and run the native
# tests under them. Any finding ends the run with an error.
#
#     tests/sanitize.sh [PYTHON [ARGUMENTS OF PYTHON]]        default: python3, and pytest over the native tests
set -euo pipefail
cd "$(dirname "$0")/.."

base_python=${1:-python3}
shift || true
venv=$PWD/.venv-sanitize
tree=$PWD/build/sanitize

if [ ! -e "$venv/.ready" ]; then
    "$base_python" -m venv "$venv"
    "$venv/bin/pip" install --quiet 'numpy>=1.26' 'cython>=3.1' 'setuptools>=77' 'tqdm>=4.60' \
        'pytest>=8' 'hypothesis>=6.100' 'zstandard>=0.22' 'safetensors>=0.4'
    touch "$venv/.ready"
fi

mkdir -p "$tree"
find "$tree" -name '*.py' -delete
tar -cf - --exclude='*.so' --exclude=__pycache__ w2v_fast tests benchmarks setup.py pyproject.toml LICENSE |
    tar -xf - -C "$tree"
cd "$tree"
W2V_FAST_SANITIZE=1 "$venv/bin/python" setup.py --quiet build_ext --inplace 2>"$tree/build.log" || { cat "$tree/build.log" >&2; exit 1; }

# The runtimes come before Python, which is not instrumented; libstdc++ beside them, for libraries that throw.
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $(gcc -print-file-name=libstdc++.so)"
export LD_PRELOAD
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:strict_string_checks=1  # Python itself leaks at exit
export UBSAN_OPTIONS=print_stacktrace=1
export PYTHONMALLOC=malloc  # every object gets red zones of its own
export W2V_FAST_SANITIZED=1

if [ $# -gt 0 ]; then
    exec "$venv/bin/python" "$@"
fi
native=(tests/training tests/corpus)
[ -d tests/vectors/formats ] && native+=(tests/vectors/formats)
exec "$venv/bin/python" -m pytest --capture=sys -p no:faulthandler -p no:cacheprovider --hypothesis-profile=ci "${native[@]}"
