# Turns a --help text into the source of a manual page (man macros).
#
# The text's form: how the command is used, in one or more ways; paragraphs that begin at the margin; options that begin
# with two spaces and a '-', their meaning behind at least two more spaces or on deeper lines; everything else that is
# moved in stays as it stands.
# Variable only_options: takes nothing but options of the form --NAME=DEFAULT, and writes them without the dashes.

function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/~/, "\\(ti", text)
    gsub(/\^/, "\\(ha", text)
    sub(/^\./, "\\\\\\&.", text)
    return text
}

function enter(next_state) {
    if (state == "table" && next_state != "table")
        print ".fi\n.RE"
    if (next_state == "table" && state != "table")
        print (state == "section" ? "" : ".PP\n") ".RS 2\n.nf"
    state = next_state
}

/^Usage: / || (state == "section" && /^ +leaktrace /) {
    sub(/^(Usage:)? */, "")
    if (!only_options)
        print ".SS " escape($0)
    state = "section"
    next
}
/^$/ { gap = state != "section"; next }
/^  -/ {
    enter("option")
    sub(/^  /, "")
    at = match($0, /   */)
    option = at ? substr($0, 1, at - 1) : $0
    meaning = at ? substr($0, at) : ""
    sub(/^ */, "", meaning)
    shown = !only_options || option ~ /^--[a-z_]+=/
    if (only_options)
        sub(/^--/, "", option)
    if (shown)
        print ".TP\n.B " escape(option)
    if (shown && meaning != "")
        print escape(meaning)
    gap = 0
    next
}
/^ / && state == "option" && !gap {
    sub(/^ */, "")
    if (shown)
        print escape($0)
    next
}
only_options { state = ""; next }
/^ / {
    enter("table")
    sub(/^  /, "")
    print escape($0)
    gap = 0
    next
}
{
    if (gap || (state != "text" && state != "section"))
        print_paragraph = 1
    enter("text")
    if (print_paragraph)
        print ".PP"
    print_paragraph = 0
    print escape($0)
    gap = 0
}
END { enter("") }
