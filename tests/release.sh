#!/usr/bin/env bash
# Rehearse a release up to the upload, in a clone of the last commit: date the changelog, tag, build the sdist and the
# wheel from it, check both, and use the wheel in fresh environments. dist/ here gets the two files.
#
#     tests/release.sh [PYTHON...]        default: every CPython from 3.11 on that this machine has
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(tests/pythons.sh --list)
tools=$PWD/build/release/tools clone=$PWD/build/release/clone dist=$PWD/dist

[ -e "$tools/bin/pip" ] || "$1" -m venv "$tools"
"$tools/bin/pip" install --quiet build twine abi3audit auditwheel
rm -rf "$clone" "$dist"
git clone --quiet . "$clone"
cd "$clone"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
sed -i "s/^## $version - unreleased/## $version - $(date +%F)/" CHANGELOG.md
git -c user.name=rehearsal -c user.email= commit --quiet --all --allow-empty --message "Release $version"
git -c user.name=rehearsal -c user.email= tag --annotate "v$version" --message "v$version"
"$1" .github/release_notes.py "v$version"

"$tools/bin/python" -m build --outdir "$dist" >../build.log 2>&1 || { cat ../build.log >&2; exit 1; }
"$tools/bin/twine" check --strict "$dist"/*
"$tools/bin/abi3audit" --strict --summary "$dist"/*abi3*.whl
[ "$(uname)" != Linux ] || PATH=$tools/bin:$PATH "$tools/bin/auditwheel" show "$dist"/*.whl
tests/wheel.sh "$dist"/*abi3*.whl "$@"
echo "v$version is ready: $(cd "$dist" && echo *)"
