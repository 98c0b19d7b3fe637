"""Kills a traced specimen at random while it writes its checkpoint, and holds what is left against the truth.

    kill_at_random.py LIBRARY SPECIMEN FOLDER TIMES

The specimen (specimens/paired) has as many blocks of two sites as it has descriptors of a third at every instant, but for the step
under way. So a file whose figures are not of one moment shows, and so does a mix of two checkpoints. What is held:

- every file that has a checkpoint's name is whole and as check_profile.py wants it;
- its three figures differ by no more than the steps that its own comments say were made while it was read;
- all files have one time_nanos; or the kill came between the renames: then the newer ones are the first in the order of the
  profiles, and the rest of them lies beside, whole.
"""
import os
import random
import signal
import subprocess
import sys
import time

from check_profile import Check, decode, one

KINDS = ["heap", "heap_growth", "fd", "fd_growth", "thread", "thread_growth"]
STEP = 4  # acquisitions of a step


def functions_of(profile, sample):
    strings = profile["string_table"]
    names = {one(function, "id"): strings[one(function, "name")] for function in profile.get("function", [])}
    lines = {one(location, "id"): location.get("line", []) for location in profile.get("location", [])}
    return {names[one(line, "function_id")] for frame in sample["location_id"] for line in lines[frame]}


def total(profile, function, value):
    return sum(sample["value"][value] for sample in profile.get("sample", []) if function in functions_of(profile, sample))


def comment(profile, key):
    lines = [profile["string_table"][index] for index in profile.get("comment", [])]
    return int(next(line for line in lines if line.startswith(key + " ")).split()[1])


class Remains:
    """What one killed process has left."""

    def __init__(self, folder, pid):
        self.folder, self.stem = folder, f"paired.{pid}.last."
        self.profiles = {kind: decode(self.path(kind)) for kind in KINDS if os.path.exists(self.path(kind))}
        self.errors = []

    def path(self, kind, beside=False):
        return os.path.join(self.folder, ("." if beside else "") + self.stem + kind + ".pb.gz")

    def moments(self):
        return [one(self.profiles[kind], "time_nanos") for kind in KINDS if kind in self.profiles]

    def check_files(self):
        for kind in self.profiles:
            self.errors += Check(self.path(kind), kind, True).run()

    def check_set(self):
        """Whether this was a kill between two renames."""
        moments = self.moments()
        if not moments or len(moments) == len(KINDS) and len(set(moments)) == 1:
            return False
        newest = max(moments)
        renamed = [moment == newest for moment in moments].count(True)
        if moments[:renamed] != [newest] * renamed or len(set(moments[renamed:])) > 1:
            self.errors.append(f"{self.stem}: a mix of moments {moments}")
            return True
        for kind in KINDS[renamed:]:
            if one(decode(self.path(kind, beside=True)), "time_nanos") != newest:
                self.errors.append(f"{self.stem}: the rest of {newest} does not lie beside it")
        return True

    def spread(self, heap, fd):
        live = [total(heap, "first_of_pair", 2), total(fd, "descriptor_of_pair", 1), total(heap, "last_of_pair", 2)]
        allowed = 2 + comment(fd, "acquired_meanwhile") // STEP
        if max(live) - min(live) > allowed:
            self.errors.append(f"{self.stem}: {live} differ by more than {allowed}")
        return live, allowed

    def check_figures(self):
        if "heap" in self.profiles and "fd" in self.profiles and len(set(self.moments()[:3])) == 1:
            return self.spread(self.profiles["heap"], self.profiles["fd"])
        return None


def run_once(library, specimen, folder):
    options = f"dir={folder}:checkpoint=0.002:log={folder}/log"
    program = subprocess.Popen([specimen], stdout=subprocess.PIPE, env={"LD_PRELOAD": library, "LEAKTRACE_OPTIONS": options})
    program.stdout.readline()
    time.sleep(random.uniform(0.005, 0.15))
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    return program.pid


def clear(folder):
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))


def main():
    library, specimen, folder, times = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    errors, mixed, with_figures, allowances, heights = [], 0, 0, [], set()
    for _ in range(times):
        remains = Remains(folder, run_once(library, specimen, folder))
        remains.check_files()
        mixed += remains.check_set()
        figures = remains.check_figures()
        if figures:
            with_figures += 1
            heights.add(figures[0][0])
            allowances.append(figures[1])
        errors += remains.errors
        if not errors:
            clear(folder)
    print("\n".join(errors), end="\n" if errors else "")
    print(f"killed {times} times: {with_figures} checkpoints, of {len(heights)} different heights, {mixed} between two renames, "
          f"steps allowed at most {max(allowances, default=0)}")
    sys.exit(1 if errors or with_figures < times // 2 or len(heights) < times // 8 else 0)


if __name__ == "__main__":
    main()
