/* The doctor's checks of what leaktrace is told and where it writes. */
#ifndef LEAKTRACE_DOCTOR_FOLDER_H
#define LEAKTRACE_DOCTOR_FOLDER_H

#include "base/options.h"

#include <stdbool.h>

struct findings;

/* Reads LEAKTRACE_OPTIONS as the library will, and adds what it would complain about. */
void options_examine(const char *text, struct options *ret_options, struct findings *findings);
/* Adds whether dumps can be written to that folder, without making it. `is_default`: leaktrace chose it, and is more
   careful. */
void folder_examine(const char *folder, bool is_default, struct findings *findings);

#endif
