# Completion of leaktrace(1) for bash.
#
# What there is to complete is asked of the command itself, so this file knows no command and no option by name, only what
# kinds of values there are.
# shellcheck shell=bash

# Commands, as `leaktrace --help` lists them: "  name   synopsis  help".
_leaktrace_commands() {
    "$1" --help 2> /dev/null | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

# Options of a command; those that take a value behind '=' end in '='.
_leaktrace_options() {
    "$1" "$2" --help 2> /dev/null | sed -n '/^  -/ { s/^  //; s/   *.*//; s/=.*/=/; p }' | tr -s ', ' '\n' | grep '^--' | sed 's/\[=.*//'
}

# How the help writes an option with its value: "--format text|json".
_leaktrace_form() {
    "$1" "$2" --help 2> /dev/null | sed -n '/^  -/ { s/^  //; s/   *.*//; p }' | grep -m 1 -E -- "(^|, )$3([ =[]|\$)"
}

# The words that an option takes, when the help says them: "--format text|json", or "--kind KIND  one of: heap, fd, ...".
_leaktrace_values() {
    "$1" "$2" --help 2> /dev/null | sed -n -e "s/^.*$3[= ]\([a-z]*|[a-z|]*\).*/\1/p" -e "s/^  $3 .*: \([a-z, ]*\), \.\.\.\$/\1/p" |
        tr -s '|, ' '\n'
}

# Processes that have a thread of leaktrace's.
_leaktrace_pids() {
    grep -lx leaktrace /proc/[0-9]*/task/[0-9]*/comm 2> /dev/null | sed 's|^/proc/\([0-9]*\)/.*|\1|' | sort -un
}

# Whether the command takes that in its synopsis.
_leaktrace_takes() {
    "$1" --help 2> /dev/null | grep -q "^  $2 .*$3"
}

_leaktrace_complete_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_leaktrace_complete_value() {
    local values
    values=$(_leaktrace_values "$1" "$2" "$3")
    if [ -n "$values" ]; then
        _leaktrace_complete_words "$values" "$4"
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$4")
        compopt -o filenames
    fi
}

_leaktrace() {
    local command=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} name=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]}

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _leaktrace_complete_words "$(_leaktrace_commands "$command") --help --version" "$word"
    elif [[ $before == = ]] && ((COMP_CWORD > 3)); then
        _leaktrace_complete_value "$command" "$name" "${COMP_WORDS[COMP_CWORD - 2]}" "$word"
    elif [[ $word == = ]]; then
        _leaktrace_complete_value "$command" "$name" "$before" ""
    elif [[ $word == -* ]]; then
        _leaktrace_complete_words "$(_leaktrace_options "$command" "$name")" "$word"
        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
    elif [[ $before == --?* && $(_leaktrace_form "$command" "$name" "$before") == *"$before "* ]]; then
        _leaktrace_complete_value "$command" "$name" "$before" "$word"
    elif _leaktrace_takes "$command" "$name" PROGRAM; then
        mapfile -t COMPREPLY < <(compgen -c -- "$word"; compgen -f -- "$word")
        compopt -o filenames
    else
        mapfile -t COMPREPLY < <(compgen -W "$(_leaktrace_pids)" -- "$word"; compgen -f -- "$word")
        compopt -o filenames
    fi
}

complete -F _leaktrace leaktrace
