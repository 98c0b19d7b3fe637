/* As frames_narrow, in 96 bytes more, and called from another place. */
#include "frames.h"

FUNCTION("plugin_frames", 56, "nop\n", "plugin_inner");
FUNCTION("plugin_inner", 72, "", "malloc");
CONVERTER;
