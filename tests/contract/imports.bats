#!/usr/bin/env bats
# What libleaktrace.so asks of its host: libc alone, bound before main, and no function that a guest has no business to call.

load ../support/leaktrace

imported() {
    nm -D --undefined-only "$LEAKTRACE_LIBRARY" | awk '{ sub("@.*", "", $2); print $2 }' | sort
}

# Fails with the names, if the library imports one that matches.
imports_none_of() {
    local found
    found=$(imported | grep -xE "$1" || true)
    equal "$found" "" "$2"
}

# ld-linux is a part of libc: dl_iterate_phdr's data and __libc_stack_end live there.
@test "the library needs libc and nothing else" {
    equal "$(readelf -dW "$LEAKTRACE_LIBRARY" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | grep -vE '^ld-linux' | sort)" libc.so.6
}

@test "all symbols are bound at load time and the library is never unloaded" {
    local flags
    flags=$(readelf -dW "$LEAKTRACE_LIBRARY" | grep 'FLAGS_1')
    [[ "$flags" == *NOW* ]]
    [[ "$flags" == *NODELETE* ]]
}

@test "the code needs no relocation" {
    equal "$(readelf -dW "$LEAKTRACE_LIBRARY" | grep -c TEXTREL)" 0
}

@test "no page is writable and executable, and the stack is not executable" {
    equal "$(readelf -lW "$LEAKTRACE_LIBRARY" | awk '$1 == "LOAD" && / RWE /')" ""
    readelf -lW "$LEAKTRACE_LIBRARY" | grep -qE 'GNU_STACK.* RW +0x'
}

# Each thread of the program carries it, and glibc refuses threads whose stack has no room for it.
@test "thread-local storage is at most 128 bytes" {
    local size
    size=$(($(readelf -lW "$LEAKTRACE_LIBRARY" | awk '$1 == "TLS" { print $6 }')))
    [ "$size" -gt 0 ]
    [ "$size" -le 128 ] || { echo "it has $size bytes" >&2 && return 1; }
}

# The other models go through __tls_get_addr, which may call malloc.
@test "thread-local storage is reached by offset alone" {
    equal "$(readelf -rW "$LEAKTRACE_LIBRARY" | grep -cE 'DTPMOD|DTPOFF|TLSDESC')" 0
    [ "$(readelf -rW "$LEAKTRACE_LIBRARY" | grep -c TPOFF64)" -gt 0 ]
    imports_none_of '__tls_get_addr' 'dynamic thread-local storage'
}

@test "nothing of C++ is in it" {
    imports_none_of '_Z.*|__cxa_(throw|begin_catch|allocate_exception|guard.*)|__gxx_personality.*|_Unwind_.*' 'C++'
}

@test "it does not allocate: its own calls would come back to its own hooks" {
    imports_none_of 'malloc|calloc|realloc|reallocarray|free|cfree|posix_memalign|aligned_alloc|memalign|valloc|pvalloc' 'allocation'
    imports_none_of 'strn?dup|v?asprintf|getline|getdelim|open_memstream|realpath|getcwd|scandir|qsort|qsort_r|bsearch|tsearch' 'they allocate'
}

@test "it does not use stdio: locks, buffers and output that are the program's" {
    imports_none_of '_*(vf|f|s|sn|vs|vsn|d|vd|v)?printf(_chk)?|f?puts|f?putc|putchar|perror|psignal' 'output'
    imports_none_of 'std(in|out|err)|f(open|dopen|reopen|close|read|write|flush|gets|seek|tell)(64|_unlocked)?|_*(f|s)?scanf|setvbuf' 'streams'
    imports_none_of 'syslog|openlog|err|errx|warn|warnx|error' 'messages'
}

@test "it does not end or multiply the program" {
    imports_none_of 'exit|_exit|_Exit|quick_exit|__assert_fail|__fortify_fail|raise|kill|killpg|tgkill|pthread_kill|pthread_exit|pthread_cancel' \
        'the end of the program'
    imports_none_of 'fork|_Fork|vfork|clone|system|popen|posix_spawnp?|exec[vl].*|fexecve|daemon|wait(pid|id)?|ptrace' 'processes'
    imports_none_of 'longjmp|siglongjmp|_longjmp|__longjmp_chk|swapcontext|setcontext' 'jumps'
}

# Abort comes in with libunwind's sanity checks of its own callers alone.
@test "no object of leaktrace's own refers to abort" {
    equal "$(find "$LEAKTRACE_BUILD/lib" -name '*.o' -exec nm -A -u {} + | grep -w abort)" ""
}

@test "it does not wait or keep thread data in the ways of the program" {
    imports_none_of 'pthread_(key_create|setspecific|getspecific|once|cond_.*|rwlock_.*|join|detach)|sem_.*|thrd_.*|mtx_.*' 'threads'
    imports_none_of 'sleep|usleep|nanosleep|clock_nanosleep|select|poll|epoll_wait|pause|sigwait.*|sigsuspend|alarm|setitimer|timer_.*' 'waiting'
}

@test "it does not depend on the program's time zone, locale or users" {
    imports_none_of '(local|gm)time(_r)?|mktime|strftime|tzset|setlocale|newlocale|uselocale|nl_langinfo|iconv.*' 'locale'
    imports_none_of 'getpw.*|getgr.*|getaddrinfo|gethost.*|getserv.*|res_.*|dns_.*' 'name services load modules'
    imports_none_of 'setenv|putenv|unsetenv|clearenv|chdir|fchdir|umask|chroot|setuid|setgid|prctl|setrlimit' 'what is the whole process'"'s"
}
