/* As frames_wide, in 96 bytes less. */
#include "frames.h"

FUNCTION("plugin_frames", 8, "", "plugin_inner");
FUNCTION("plugin_inner", 24, "", "malloc");
CONVERTER;
