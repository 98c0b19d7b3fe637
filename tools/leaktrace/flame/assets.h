/* The files of the page, as they are in this folder (assets.S). */
#ifndef LEAKTRACE_FLAME_ASSETS_H
#define LEAKTRACE_FLAME_ASSETS_H

extern const char flame_html[];
extern const char flame_css[];
extern const char flame_js[];

#endif
