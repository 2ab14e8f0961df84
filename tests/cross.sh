#!/usr/bin/env bash
# Compile every native source for six platforms with zig's clang, against the headers of this Python.
#
#     tests/cross.sh PYTHON        a Python with the package ziglang; build/cython holds the sources (`make setup`)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')

compile() {  # TARGET SOURCE
    local language=(cc -std=gnu11) object=build/cross/$1/${2##*/}.o
    [[ $2 == *.cpp ]] && language=(c++ -std=c++17)
    "$python" -m ziglang "${language[@]}" -target "$1" -c -O2 -fPIC -g0 -Wall -Wno-unused-function -DPy_LIMITED_API=0x030B0000 \
        -include tests/cross/pyconfig.h -I"$include" -Ithird_party -o "$object" "$2" || { echo "$1: $2" >&2; return 1; }
}
export -f compile
export python include

targets=({x86_64,aarch64}-{linux-gnu.2.28,macos.14.0,windows-gnu})
for target in "${targets[@]}"; do
    mkdir -p "build/cross/$target"
    find build/cython -name '*.c' -o -name '*.cpp' | sed "s/^/$target /"
done | xargs -P "$(nproc)" -n 2 bash -c 'compile "$@"' compile
echo "compiled for ${targets[*]}"
