/* go_note: a program with the note of Go's linker in it. Prints how many signals a handler stands for, of those that
   the kernel tells by a bare system call, but for the dump signal. */
#include "specimen.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

__asm__(".pushsection .note.go.buildid, \"a\", @note\n"
        ".balign 4\n.long 4, 8, 4\n.asciz \"Go\\0\"\n.ascii \"specimen\"\n"
        ".popsection");

int main(void)
{
    struct {
        void *handler;
        unsigned long flags, restorer, mask;
    } action;
    int caught = 0;

    for (int sig = 1; sig <= SIGRTMAX; sig++) {
        MUST(syscall(SYS_rt_sigaction, sig, NULL, &action, sizeof(action.mask)) == 0);
        caught += sig != SIGUSR2 && sig != 33 && action.handler != NULL;
    }
    printf("caught %d\n", caught);
    return 0;
}
