#!/bin/sh
# Prints a manual page: a template with its marks filled from what the command itself says of its commands and options.
#
#   make_man.sh COMMAND TEMPLATE
#
# Marks, each on a line of its own: @commands@ (the help of each command) and @options@ (the library's options). @version@
# may stand anywhere.
set -eu

command=$1 template=$2 help=$(dirname "$0")/help.awk

commands() {
    "$command" --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'
}

version=$("$command" --version | sed 's/^leaktrace //')
while IFS= read -r line; do
    case "$line" in
        @commands@) for name in $(commands); do "$command" "$name" --help | awk -f "$help"; done ;;
        @options@) "$command" run --help | awk -v only_options=1 -f "$help" ;;
        *) printf '%s\n' "$line" | sed "s/@version@/$version/g" ;;
    esac
done < "$template"
