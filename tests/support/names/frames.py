"""For gdb: at each call of checkpoint(), writes the caller's stack to $FRAMES: "SITE size", then "address name" of each frame.

Addresses are those of calls: return addresses less one. The name is "-" outside of the program. Left out are frames that are
none: of functions that were inlined or have ended in a jump to the next one; and leaktrace's own.
"""
import os

import gdb

out = open(os.environ["FRAMES"], "w", encoding="utf-8")


def symbol(pc):
    return gdb.execute(f"info symbol {pc:#x}", to_string=True).split(" ")[0]


def is_frame(frame):
    return frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME) and "libleaktrace" not in (gdb.solib_name(frame.pc()) or "")


def write_stack(frame):
    exact = False
    while frame is not None and frame.pc() != 0:
        trampoline = frame.type() == gdb.SIGTRAMP_FRAME or symbol(frame.pc()) == "__start_context"
        pc = frame.pc() if exact or trampoline else frame.pc() - 1
        if is_frame(frame):
            out.write(f"{pc:#x} {symbol(pc) if gdb.solib_name(pc) is None else '-'}\n")
            exact = frame.type() == gdb.SIGTRAMP_FRAME
        # Outside of a context is nothing, though gdb shows something.
        frame = None if symbol(frame.pc()) == "__start_context" else frame.older()


class Checkpoint(gdb.Breakpoint):
    def stop(self):
        out.write(f"SITE {int(gdb.newest_frame().read_register('rdi'))}\n")
        write_stack(gdb.newest_frame().older())
        out.flush()
        return False


for setting in ("confirm off", "pagination off", "disable-randomization off", "debuginfod enabled off", "auto-load no",
                "backtrace past-main on", "backtrace past-entry on", "print demangle off", "print asm-demangle off"):
    gdb.execute("set " + setting)
for name in ("SIGUSR1", "SIGSEGV"):
    gdb.execute(f"handle {name} nostop noprint pass")
Checkpoint("*checkpoint")
gdb.execute("run")
