/* As frames_narrow, with other frames. */
#include "frames.h"

PLUGIN(88, 40);
