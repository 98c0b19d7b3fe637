#include "exporter.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct process_status {
    unsigned long user_ticks;
    unsigned long system_ticks;
    unsigned long long start_ticks; /* since boot */
    unsigned long virtual_bytes;
    long resident_pages;
    long threads;
};

static bool read_process_status(struct process_status *status)
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file)
        return false;
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    if (!got)
        return false;

    /* The name of the program is in parentheses, and may hold any character, even these. */
    char *fields = strrchr(line, ')');
    return fields &&
           sscanf(fields + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu"
                  " %*d %*d %*d %*d %ld %*d %llu %lu %ld",
                  &status->user_ticks, &status->system_ticks, &status->threads,
                  &status->start_ticks, &status->virtual_bytes, &status->resident_pages) == 6;
}

static unsigned long read_boot_time(void)
{
    char line[4096];
    unsigned long seconds = 0;
    FILE *file = fopen("/proc/stat", "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file) && sscanf(line, "btime %lu", &seconds) != 1)
        continue;
    fclose(file);
    return seconds;
}

static unsigned long count_open_fds(void)
{
    unsigned long count = 0;
    struct dirent *entry;
    DIR *directory = opendir("/proc/self/fd");
    if (!directory)
        return 0;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] != '.')
            count++;
    }
    closedir(directory);
    return count - 1; /* without the directory itself */
}

static void write_value(struct text *page, const char *name, const char *type, const char *help,
                        double value)
{
    append_text(page, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name,
                value);
}

void write_process_metrics(struct text *page)
{
    struct process_status status;
    struct rlimit limit;
    double ticks = (double)sysconf(_SC_CLK_TCK);

    write_value(page, "process_open_fds", "gauge", "Number of open file descriptors.",
                (double)count_open_fds());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        write_value(page, "process_max_fds", "gauge", "Maximum number of open file descriptors.",
                    (double)limit.rlim_cur);
    if (!read_process_status(&status))
        return;
    write_value(page, "process_cpu_seconds_total", "counter",
                "Total user and system CPU time spent in seconds.",
                (double)(status.user_ticks + status.system_ticks) / ticks);
    write_value(page, "process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.",
                (double)status.virtual_bytes);
    write_value(page, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
                (double)status.resident_pages * (double)sysconf(_SC_PAGESIZE));
    write_value(page, "process_start_time_seconds", "gauge",
                "Start time of the process since unix epoch in seconds.",
                (double)read_boot_time() + (double)status.start_ticks / ticks);
    write_value(page, "process_threads", "gauge", "Number of OS threads in the process.",
                (double)status.threads);
}
