/* Putting what was found into the profiles. */
#ifndef LEAKTRACE_SYMBOLIZE_ANNOTATE_H
#define LEAKTRACE_SYMBOLIZE_ANNOTATE_H

#include <stddef.h>

struct gather;

/* Gives each gathered location the frames of its address. `n_functions` is how many functions all frames have together. The
   locations are by profile then. */
void annotate_profiles(struct gather *gathered, size_t n_functions);

#endif
