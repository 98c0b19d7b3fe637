# What the scripts of this folder share: where the project is, and how what is missing gets installed.
# shellcheck shell=bash
#
# Exit status 3: something is missing that cannot be installed from here; one line says what to do by hand.

set -euo pipefail

LEAKTRACE_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$LEAKTRACE_SOURCE"

give_up() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 3
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Packages of Debian that a build, the demo, and the tests need.
packages_of() {
    case "$1" in
        build) echo gcc g++ make cmake uthash-dev zlib1g-dev libdw-dev libelf-dev libiberty-dev ;;
        libunwind) echo gcc make xz-utils ;;
        demo) echo curl ;;
        test) cat "$LEAKTRACE_SOURCE/tests/packages.txt" ;;
    esac
}

missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || echo "$package"
    done
}

# Installs what is missing of these packages, quietly; the second time it only looks.
need_packages() {
    local missing log="$LEAKTRACE_SOURCE/build/install.log"
    command -v dpkg-query >/dev/null || give_up "this is no Debian: install by hand what corresponds to: $*"
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    local by_hand="install by hand: apt-get install ${missing[*]}"
    command -v apt-get >/dev/null || give_up "there is no apt-get; $by_hand"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || give_up "neither root nor sudo; $by_hand"
    mkdir -p "$LEAKTRACE_SOURCE/build"
    echo "Installing ${missing[*]} ..." >&2
    if ! { as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        give_up "apt-get failed ($(grep -m 1 '^[EW]:' "$log" || echo "see build/install.log")); $by_hand"
    fi
}

# Configures and builds a preset into build/<preset>.
build_preset() {
    local log="$LEAKTRACE_SOURCE/build/$1.log"
    mkdir -p "$LEAKTRACE_SOURCE/build"
    if ! { cmake --preset "$@" && cmake --build "build/$1" --parallel "$(nproc)"; } >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        printf '%s: the build failed; all of its output is in build/%s.log\n' "${0##*/}" "$1" >&2
        exit 1
    fi
}
