#include "store_process.h"

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_program(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size);
    if (length < 0 || (size_t)length >= size)
        return false;
    path[length] = '\0';
    char *name = strrchr(path, '/') + 1;
    size_t room = size - (size_t)(name - path);
    return snprintf(name, room, "object-store") < (int)room;
}

/* The store asks the kernel to be killed when its parent, whose id it is told, is gone. */
static bool spawn_store(const char *program, int output)
{
    char parent[16];
    char *arguments[] = {"object-store", "--with-parent", parent, NULL};
    char *environment[] = {NULL}; /* it needs nothing of ours */
    posix_spawn_file_actions_t actions;
    pid_t child;

    snprintf(parent, sizeof parent, "%d", (int)getpid());
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    int error = posix_spawn(&child, program, &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0;
}

static uint16_t read_port(int input)
{
    char line[128];
    unsigned port = 0;
    FILE *stream = fdopen(input, "r");
    if (!stream) {
        close(input);
        return 0;
    }
    if (!fgets(line, sizeof line, stream) ||
        sscanf(line, "object-store: listening on 127.0.0.1:%u", &port) != 1)
        port = 0;
    fclose(stream);
    return (uint16_t)port;
}

uint16_t start_object_store(void)
{
    char program[PATH_MAX];
    int ends[2];

    if (!find_program(program, sizeof program) || pipe2(ends, O_CLOEXEC) != 0)
        return 0;
    bool started = spawn_store(program, ends[1]);
    close(ends[1]);
    if (!started) {
        close(ends[0]);
        return 0;
    }
    return read_port(ends[0]);
}
