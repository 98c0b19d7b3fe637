/*
 * What a page shows, for its script: one JSON text.
 *
 * {"schema": 1, "modules": [PATH], "files": [PATH], "functions": {"names": [NAME], "modules": N, "files": N,
 *  "plumbing": N}, "processes": [{"name", "program", "time_ns", "before_ns" (with an older dump), "graphs":
 *  [{"kind", "columns": [{"type", "unit", "growth"}], "chosen", "before" (whether there is an older dump),
 *    "ups": N, "functions": N, "lines": N, "ends": N, "sites": N, "values": [N], "befores": [N]}]}]}
 *
 * N is a text of numbers with a space between them. Nodes stand with each before its children; "ups" says for each how
 * many levels back from the child of the node before it, "functions" and "lines" what it is. "ends" has, for each site
 * line of each node where stacks end, the distance from the node of the last such one; "sites" those lines, and "values"
 * the figures there, one text for each column.
 */
#ifndef LEAKTRACE_FLAME_DATA_H
#define LEAKTRACE_FLAME_DATA_H

#include <stdio.h>

struct flame_page;

void flame_data_write(const struct flame_page *page, FILE *out);

#endif
