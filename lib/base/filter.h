/* What a filter of system calls (seccomp) says to a call, before the kernel is asked. */
#ifndef LEAKTRACE_BASE_FILTER_H
#define LEAKTRACE_BASE_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>

/* Whether the filter lets the call through. False, too, for a filter that the kernel would refuse or that cannot be read. */
bool filter_allows(const struct sock_fprog *filter, const struct seccomp_data *call);

#endif
