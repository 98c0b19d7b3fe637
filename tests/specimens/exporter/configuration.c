#include "configuration.h"

#include <stdio.h>
#include <string.h>

static bool parse_line(const char *line, struct configuration *configuration)
{
    char key[16];
    char value[64];
    int end = 0;

    if (line[0] == '#' || line[strspn(line, " \t\n")] == '\0')
        return true;
    if (sscanf(line, " %15s %63[^\n] %n", key, value, &end) != 2 || line[end] != '\0')
        return false;
    if (strcmp(key, "cluster") == 0)
        strcpy(configuration->cluster, value);
    else if (strcmp(key, "object") == 0)
        strcpy(configuration->object, value);
    else
        return false;
    return true;
}

static bool read_configuration(const char *path, struct configuration *configuration)
{
    char line[256];
    int number = 0;
    bool good = true;

    *configuration = (struct configuration){.cluster = "demo", .object = "usage"};
    if (!path)
        return true;
    FILE *file = fopen(path, "re");
    if (!file) {
        perror(path);
        return false;
    }
    while (good && fgets(line, sizeof line, file)) {
        number++;
        good = parse_line(line, configuration);
        if (!good)
            fprintf(stderr, "%s:%d: expected \"cluster NAME\" or \"object NAME\"\n", path, number);
    }
    fclose(file);
    return good;
}

void init_settings(struct settings *settings, const char *file)
{
    *settings = (struct settings){.lock = PTHREAD_MUTEX_INITIALIZER, .file = file};
}

bool reload_configuration(struct settings *settings, bool stop_old_watchers)
{
    struct configuration configuration;
    if (!read_configuration(settings->file, &configuration))
        return false;

    pthread_mutex_lock(&settings->lock);
    struct watchers *watchers = start_watchers();
    if (watchers) {
        /* Nobody else knows the old watchers: if they are not stopped now, they never are. */
        if (stop_old_watchers && settings->watchers)
            stop_watchers(settings->watchers);
        settings->watchers = watchers;
        settings->current = configuration;
    }
    pthread_mutex_unlock(&settings->lock);
    return watchers != NULL;
}

void copy_configuration(struct settings *settings, struct configuration *copy)
{
    pthread_mutex_lock(&settings->lock);
    *copy = settings->current;
    pthread_mutex_unlock(&settings->lock);
}

void destroy_settings(struct settings *settings)
{
    if (settings->watchers)
        stop_watchers(settings->watchers);
    pthread_mutex_destroy(&settings->lock);
}
