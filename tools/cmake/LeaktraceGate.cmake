# leaktrace_add_gate(TARGET [NAME name] [ARGS arg...] [WORKING_DIRECTORY folder]
#                    [LEAKS definite|possible|all] [THREADS] [NO_HEAP] [NO_FDS]
#                    [BASELINE file] [FAIL_ON new|growth|any] [SUPPRESSIONS file...] [NO_DEFAULT_SUPPRESSIONS]
#                    [FORMAT list] [OPTIONS option...])
#
# Adds a test that runs the program of TARGET under `leaktrace gate`: it fails as the program does, and when something leaks.
# NAME is TARGET_leaks unless given. Files are relative to the current source folder, FORMAT's to where the test runs. OPTIONS are
# any others of the gate. The test has the label "leaks".
function(leaktrace_add_gate target)
    cmake_parse_arguments(PARSE_ARGV 1 gate "THREADS;NO_HEAP;NO_FDS;NO_DEFAULT_SUPPRESSIONS"
        "NAME;WORKING_DIRECTORY;LEAKS;BASELINE;FAIL_ON;FORMAT" "ARGS;SUPPRESSIONS;OPTIONS")
    if(NOT TARGET ${target})
        message(FATAL_ERROR "leaktrace_add_gate: there is no target '${target}'")
    endif()
    if(gate_UNPARSED_ARGUMENTS OR gate_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "leaktrace_add_gate(${target}): unknown, or lacks its value: "
            "${gate_UNPARSED_ARGUMENTS} ${gate_KEYWORDS_MISSING_VALUES}")
    endif()
    if(NOT gate_NAME)
        set(gate_NAME ${target}_leaks)
    endif()

    set(options ${gate_OPTIONS})
    foreach(option THREADS NO_HEAP NO_FDS NO_DEFAULT_SUPPRESSIONS LEAKS FAIL_ON FORMAT BASELINE)
        string(TOLOWER ${option} word)
        string(REPLACE "_" "-" word "--${word}")
        if(option STREQUAL "BASELINE" AND gate_BASELINE)
            cmake_path(ABSOLUTE_PATH gate_BASELINE)
        endif()
        if("${gate_${option}}" STREQUAL "TRUE")
            list(APPEND options ${word})
        elseif(gate_${option})
            list(APPEND options ${word} "${gate_${option}}")
        endif()
    endforeach()
    foreach(file IN LISTS gate_SUPPRESSIONS)
        cmake_path(ABSOLUTE_PATH file)
        list(APPEND options --suppressions "${file}")
    endforeach()

    if(gate_WORKING_DIRECTORY)
        set(folder WORKING_DIRECTORY "${gate_WORKING_DIRECTORY}")
    endif()
    add_test(NAME "${gate_NAME}" ${folder}
        COMMAND leaktrace::command gate ${options} -- $<TARGET_FILE:${target}> ${gate_ARGS})
    set_tests_properties("${gate_NAME}" PROPERTIES LABELS leaks)
endfunction()
