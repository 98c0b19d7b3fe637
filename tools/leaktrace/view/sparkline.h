/* A small picture of a series in one line of ASCII characters. */
#ifndef LEAKTRACE_VIEW_SPARKLINE_H
#define LEAKTRACE_VIEW_SPARKLINE_H

#include <stddef.h>

#define SPARKLINE_MAX 100

struct sparkline_point {
    double at; /* never goes down */
    double value;
    size_t life;
};

/* Fills `ret_picture` with `width` (1 to SPARKLINE_MAX) characters, each the mean of its part of the time: from _ for the
   lowest value to # for the highest, through . - ~ = + *. A part without points is as the one before; blank where
   no process was alive; | where one was started again. */
void sparkline_draw(const struct sparkline_point *points, size_t n, size_t width, char ret_picture[SPARKLINE_MAX + 1]);

#endif
