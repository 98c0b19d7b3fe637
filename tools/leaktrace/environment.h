/* The one place where the command reads its environment. Strings are the environment's own, or live as long as the
 * program. */
#ifndef LEAKTRACE_TOOLS_ENVIRONMENT_H
#define LEAKTRACE_TOOLS_ENVIRONMENT_H

#include "symbolize/symbolize.h"
#include "view/line.h"

#include <stddef.h>
#include <stdio.h>

#define ENVIRONMENT_PRELOAD "LD_PRELOAD"

/* How text is laid out on `out`: as wide as COLUMNS or the terminal says, 100 where there is none; with colours on a
   terminal and without NO_COLOR. */
struct line_page environment_page(FILE *out);
/* LEAKTRACE_OPTIONS and LD_PRELOAD as they are; empty when not set. */
const char *environment_options(void);
const char *environment_preload(void);
/* LEAKTRACE_LIBRARY; NULL when not set. */
const char *environment_library(void);
/* The folder for what is needed for a moment only: TMPDIR if it is absolute, or /tmp. */
const char *environment_temporary(void);
/* PATH; the system's own when not set. */
const char *environment_path(void);
/* How lines of code are found without folders of one's own: with debuginfod when DEBUGINFOD_URLS is set; progress is shown on
   standard error when that is a terminal. */
struct symbolize_options environment_symbols(void);
/* TERM; NULL when not set. */
const char *environment_terminal(void);
/* The folder for dumps when no option names one, as dump/folder.c chooses it. */
const char *environment_dump_folder(void);

#endif
