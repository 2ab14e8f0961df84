#!/usr/bin/env bash
# Build the extensions with sanitizers in a copy of the tree, and run the native tests under them. Any finding ends the
# run with an error.
#
#     tests/sanitize.sh [PYTHON [ARGUMENTS OF PYTHON]]        default: python3, and pytest over the native tests
#
# SANITIZER=address (the default) is AddressSanitizer with UndefinedBehaviorSanitizer; SANITIZER=thread is
# ThreadSanitizer over what runs in several threads, with the races of tests/tsan.supp left out.
set -euo pipefail
cd "$(dirname "$0")/.."

base_python=${1:-python3}
shift || true
sanitizer=${SANITIZER:-address}
venv=$PWD/.venv-sanitize
tree=$PWD/build/sanitize-$sanitizer

if [ ! -e "$venv/.ready" ]; then
    "$base_python" -m venv "$venv"
    "$venv/bin/pip" install --quiet 'numpy>=1.26' 'cython>=3.1' 'setuptools>=77' 'tqdm>=4.60' \
        'pytest>=8' 'hypothesis>=6.100' 'backports.zstd>=1.0' 'safetensors>=0.4'
    touch "$venv/.ready"
fi

mkdir -p "$tree"
find "$tree" -name '*.py' -delete
tar -cf - --exclude='*.so' --exclude=__pycache__ w2v_fast third_party tests benchmarks setup.py pyproject.toml LICENSE |
    tar -xf - -C "$tree"
[ -e README.md ] && cp README.md "$tree"
cd "$tree"

case $sanitizer in
address)
    export W2V_FAST_SANITIZE=1
    runtimes="libasan.so libubsan.so"
    native=(tests/training tests/corpus tests/walks tests/vectors/formats tests/vectors/test_rounded.py)
    ;;
thread)
    export CFLAGS="-fsanitize=thread -fno-omit-frame-pointer -g -O1" LDFLAGS=-fsanitize=thread
    runtimes="libtsan.so"
    native=(tests/training/test_trainer.py tests/corpus/test_ingest.py)
    ;;
*)
    echo "SANITIZER = $sanitizer must be address or thread" >&2
    exit 2
    ;;
esac
"$venv/bin/python" setup.py --quiet build_ext --inplace >"$tree/build.log" 2>&1 || { cat "$tree/build.log" >&2; exit 1; }

# The runtimes come before Python, which is not instrumented; libstdc++ beside them, for libraries that throw.
LD_PRELOAD=
for library in $runtimes libstdc++.so; do
    LD_PRELOAD="$LD_PRELOAD $(gcc -print-file-name=$library)"
done
export LD_PRELOAD
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:strict_string_checks=1  # Python itself leaks at exit
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS="suppressions=$tree/tests/tsan.supp halt_on_error=1 exitcode=66 die_after_fork=0"
export PYTHONMALLOC=malloc  # every object gets red zones of its own
export W2V_FAST_SANITIZED=1

if [ $# -gt 0 ]; then
    exec "$venv/bin/python" "$@"
fi
exec "$venv/bin/python" -m pytest --capture=sys -p no:faulthandler -p no:cacheprovider --hypothesis-profile=ci \
    "${native[@]}"
