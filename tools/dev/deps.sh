#!/usr/bin/env bash
# Installs what a build needs, and makes the libunwind that goes into libleaktrace.so.
#
#   tools/dev/deps.sh [demo] [test]     what the demo and the tests need, too
#
# Debian's libunwind.a is not position independent, so it cannot be linked into a shared object. This builds one from the source
# of the same package, without the parts that leaktrace does not use, into build/deps. About 20 seconds, once.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

LEAKTRACE_DEPS="$LEAKTRACE_SOURCE/build/deps"

# apt's own sources, as sources of source packages, in a folder of ours: the system's configuration stays as it is.
write_source_lists() {
    local file
    mkdir -p "$1/sources" "$1/lists/partial"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ -e "$file" ] && sed 's/^Types:.*/Types: deb-src/' "$file" >"$1/sources/${file##*/}"
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -e "$file" ] && sed -n 's/^deb /deb-src /p' "$file" >"$1/sources/${file##*/}"
    done
    return 0
}

download_libunwind() {
    local apt=(-o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$1/sources" -o "Dir::State::lists=$1/lists"
        -o APT::Sandbox::User=root)
    write_source_lists "$1"
    (cd "$1" && apt-get "${apt[@]}" update && apt-get "${apt[@]}" source --download-only libunwind) >"$1/log" 2>&1 ||
        give_up "cannot download the source of libunwind ($(grep -m 1 '^E:' "$1/log" || true)); put libunwind-x86_64.a and" \
            "libunwind.a, built with -fPIC, into build/deps/lib and the headers into build/deps/include by hand"
    mkdir "$1/source"
    tar -C "$1/source" --strip-components=1 -xf "$(find "$1" -maxdepth 1 -name 'libunwind_*.orig.tar.*' ! -name '*.asc')"
}

build_libunwind() {
    local flags=(--disable-shared --enable-static --with-pic --disable-minidebuginfo --disable-zlibdebuginfo --disable-ptrace
        --disable-coredump --disable-setjmp --disable-tests --disable-documentation --disable-cxx-exceptions
        --disable-debug-frame --disable-conservative-checks)
    (cd "$1/source" &&
        ./configure "${flags[@]}" CFLAGS="-O2 -ffunction-sections -fdata-sections -fvisibility=hidden" &&
        make -C src -j "$(nproc)" libunwind.la libunwind-x86_64.la) >"$1/log" 2>&1 ||
        { tail -n 20 "$1/log" >&2; give_up "libunwind does not build"; }
}

install_libunwind() {
    mkdir -p "$LEAKTRACE_DEPS/lib" "$LEAKTRACE_DEPS/include"
    cp "$1"/source/src/.libs/libunwind{,-x86_64}.a "$LEAKTRACE_DEPS/lib/"
    cp "$1"/source/include/libunwind-{x86_64,dynamic,common}.h "$LEAKTRACE_DEPS/include/"
}

need_libunwind() {
    local work
    [ -e "$LEAKTRACE_DEPS/include/libunwind-common.h" ] && return 0
    # shellcheck disable=SC2046
    need_packages $(packages_of libunwind)
    echo "Building libunwind ..." >&2
    work=$(mktemp -d)
    download_libunwind "$work"
    build_libunwind "$work"
    install_libunwind "$work"
    rm -rf "$work"
}

groups=(build "$@")
packages=()
for group in "${groups[@]}"; do
    # shellcheck disable=SC2207
    packages+=($(packages_of "$group"))
done
need_packages "${packages[@]}"
need_libunwind
