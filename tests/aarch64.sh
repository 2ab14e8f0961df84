#!/usr/bin/env bash
# Run the native, corpus and format tests on an emulated aarch64: Debian's arm64 Python under qemu-user, numpy and the
# rest from wheels, the extensions from Debian's cross compiler. Needs Debian, and root for debootstrap.
#
#     tests/aarch64.sh [ARGUMENTS OF PYTEST]        after `make setup`; default: those tests
set -euo pipefail
cd "$(dirname "$0")/.."
build=$PWD/build/aarch64
root=$build/root tree=$build/tree

if [ ! -e "$build/.ready" ]; then
    command -v qemu-aarch64-static debootstrap aarch64-linux-gnu-g++ >"$build.log" ||
        apt-get install --yes --no-install-recommends qemu-user-static debootstrap g++-aarch64-linux-gnu >"$build.log"
    rm -rf "$build"
    mkdir -p "$build"
    debootstrap --foreign --arch=arm64 --variant=minbase --include=python3.11,libstdc++6 bookworm "$root" >"$build.log"
    for package in "$root"/var/cache/apt/archives/*.deb; do  # unpacked, not installed: nothing of it is run as root
        dpkg -x "$package" "$root"
    done
    .venv/bin/pip install --quiet --target "$build/site" --only-binary :all: --python-version 3.11 --implementation cp \
        --abi cp311 --abi abi3 --abi none --platform manylinux_2_28_aarch64 --platform manylinux_2_17_aarch64 \
        --platform manylinux2014_aarch64 \
        'numpy>=1.26' 'tqdm>=4.60' 'pytest>=8' 'hypothesis>=6.100' 'backports.zstd>=1.0' 'safetensors>=0.4'
    cat >"$build/python" <<END
#!/bin/sh
export PYTHONHOME=$root/usr PYTHONPATH=$build/site
exec qemu-aarch64-static -L $root -0 "\$0" $root/usr/bin/python3.11 "\$@"
END
    chmod +x "$build/python"
    touch "$build/.ready"
fi

rm -rf "$tree"
mkdir "$tree"
git ls-files -z | tar -cf - --null -T - | tar -xf - -C "$tree"
cd "$tree"
CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ LDSHARED="aarch64-linux-gnu-gcc -shared" \
    LDCXXSHARED="aarch64-linux-gnu-g++ -shared" "$OLDPWD/.venv/bin/python" setup.py --quiet build_ext --inplace
"$build/python" -c 'import platform; print("testing on", platform.machine(), platform.python_version())'
[ $# -gt 0 ] || set -- tests/training tests/corpus tests/walks tests/vectors/formats tests/vectors/test_rounded.py
exec "$build/python" -m pytest -p no:cacheprovider "$@"
