/* As frames_wide, with other frames. */
#include "frames.h"

PLUGIN(8, 24);
