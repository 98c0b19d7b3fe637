/* Rounds. Owns nothing; called by the gate while the program runs. */
#include "gate/rounds.h"

#include "common.h"
#include "target/launch.h"
#include "target/target.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 50
#define BEGIN_MS 10000 /* for the first process to be traced */
#define END_MS 10000

/* The traced processes whose dumps go to the folder; malloc'ed. */
static size_t find_targets(const char *folder, struct target **ret_targets)
{
    size_t n = target_list(ret_targets), kept = 0;

    for (size_t i = 0; i < n; i++)
        if (strcmp((*ret_targets)[i].status.dir, folder) == 0 && !(*ret_targets)[i].status.ended)
            (*ret_targets)[kept++] = (*ret_targets)[i];
    return kept;
}

/* Asks all of them; false when nobody has answered well, after a complaint unless the program has ended. */
static bool ask(struct launch *launch, const char *folder, enum control_request request, const char *what)
{
    struct target *targets;
    size_t n = find_targets(folder, &targets), good = 0;

    if (n > 0)
        target_ask_all(targets, n, request, TARGET_PATIENCE_MS);
    for (size_t i = 0; i < n; i++)
        good += targets[i].outcome == TARGET_ANSWERED && targets[i].ok;
    free(targets);
    if (good == 0 && !launch_wait(launch, LOOK_MS))
        complain("%s: none of the %zu traced processes has answered", what, n);
    return good > 0;
}

static bool has_targets(const char *folder)
{
    struct target *targets;
    size_t n = find_targets(folder, &targets);

    free(targets);
    return n > 0;
}

/* Lets the program run until it is traced and warm; false when it has ended before. */
static bool warm_up(struct launch *launch, const struct rounds_plan *plan, const char *folder)
{
    for (int waited = 0; waited < BEGIN_MS && !has_targets(folder); waited += LOOK_MS)
        if (launch_wait(launch, LOOK_MS))
            return false;
    launch->taken_signal = plan->mark_signal;
    while (plan->mark_signal != 0 && launch->n_taken == 0)
        if (launch_wait(launch, -1))
            return false;
    return !launch_wait(launch, plan->warmup_ms);
}

/* With all that it has started, in a group of its own: a program that has ended answers it no more. */
static void end_trigger(int pid)
{
    setpgid(pid, pid);
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int start_trigger(const char *command, const struct launch *launch)
{
    int pid = fork();

    if (pid == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, &launch->signals.mask, NULL);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* Does the work of a round. False after a complaint, or when the program has ended. */
static bool work(struct launch *launch, const char *command)
{
    int pid = command == NULL ? 0 : start_trigger(command, launch), status = 0, ret = 0;

    if (pid < 0) {
        complain("cannot start a process: %s", strerror(errno));
        return false;
    }
    while (pid > 0 && (ret = waitpid(pid, &status, WNOHANG)) == 0) {
        if (launch_wait(launch, LOOK_MS)) {
            end_trigger(pid);
            return false;
        }
    }
    if (pid == 0 || (ret == pid && status == 0))
        return true;
    complain("the trigger has failed with status %d: %s", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
             command);
    return false;
}

/* Returns how many rounds there were. */
static unsigned drive(struct launch *launch, const struct rounds_plan *plan, const char *folder)
{
    unsigned round = 0;

    if (!warm_up(launch, plan, folder) || !ask(launch, folder, CONTROL_MARK, "the mark"))
        return 0;
    while (round < plan->n && work(launch, plan->trigger) && !launch_wait(launch, plan->grace_ms) &&
           ask(launch, folder, CONTROL_DUMP, "a round"))
        round++;
    return round;
}

/* By a signal that the program may take as it likes, in time. */
static void end(struct launch *launch)
{
    kill(launch->pid, SIGTERM);
    if (!launch_wait(launch, END_MS)) {
        complain("the program does not end by SIGTERM; it is killed");
        kill(launch->pid, SIGKILL);
        launch_wait(launch, -1);
    }
    if (launch->signal != 0 || launch->status == 128 + SIGTERM)
        launch->status = launch->signal = 0;
}

bool rounds_drive(struct launch *launch, const struct rounds_plan *plan, const char *folder)
{
    unsigned rounds = drive(launch, plan, folder);

    if (plan->n == 0)
        return launch_wait(launch, -1);
    if (launch->ended)
        complain("the program has ended after %u of %u rounds", rounds, plan->n);
    else
        end(launch);
    return rounds == plan->n;
}
