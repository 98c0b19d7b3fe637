"""Measures what tracing costs; tools/dev/bench.sh builds what it needs and starts it. README.md says how to read the tables."""
import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import process
import workloads
from compare import Comparison
from forks import Forks
from instructions import Instructions
from large import Large
from reach import Reach
from micro import Micro
from modes import all_modes
from tables import machine

QUICK_LIMIT, LIMIT = 60, 120


def names(text):
    return text.split(",")


def chosen(what, known, wanted):
    """Those of `known` with one of the wanted names, in their own order."""
    unknown = [name for name in wanted or [] if name not in [one.name for one in known]]
    if unknown:
        sys.exit(f"bench.sh: no such {what}: {', '.join(unknown)}; there are: {', '.join(one.name for one in known)}")
    return [one for one in known if not wanted or one.name in wanted]


def read_arguments():
    parser = argparse.ArgumentParser(prog="bench.sh", description="Measures what tracing costs, beside other tools. Tables go to standard "
                                     "output, progress to standard error. Programs are compared; --micro, --instructions, --large, --forks, --reach "
                                     "add tables, --no-programs leaves the comparison out.")
    parser.add_argument("--rounds", type=int, help="rounds of each comparison; default 5")
    parser.add_argument("--only", type=names, metavar="NAME,...", help="these workloads: " + ",".join(one.name for one in workloads.ALL))
    parser.add_argument("--modes", type=names, metavar="NAME,...",
                        help="these ways to run: " + ",".join(one.name for one in all_modes(None, None)) + "; bare always runs")
    parser.add_argument("--quick", action="store_true", help="one round of little work, to see that all of it runs")
    parser.add_argument("--micro", action="store_true", help="nanoseconds of one malloc and free")
    parser.add_argument("--instructions", action="store_true", help="instructions under callgrind; takes minutes")
    parser.add_argument("--large", action="store_true", help="20 million live blocks and a dump of them; takes 8 GB of memory")
    parser.add_argument("--forks", action="store_true", help="fork in a process of 10 million live blocks; a minute, 2 GB of memory")
    parser.add_argument("--reach", action="store_true", help="what can still be reached of 10 million blocks; takes 3 GB of memory")
    parser.add_argument("--all", action="store_true", help="all of these tables")
    parser.add_argument("--no-programs", action="store_true", help="leave out the comparison of programs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all single figures there, too")
    parser.add_argument("--library", type=Path, required=True, metavar="PATH",
                        help="the libleaktrace.so to measure; default: a release build of this tree")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.library = options.library.resolve()
    if not options.library.exists():
        sys.exit(f"bench.sh: {options.library} is not there")
    return options


def parts_of(options, tools):
    """The tables asked for, as {name: part}; a part has run(), text(), json() and failed()."""
    modes = chosen("mode", all_modes(options.library, tools), options.modes and ["bare", *options.modes])
    wanted = chosen("workload", workloads.ALL, options.only)
    parts = {}
    if not options.no_programs:
        parts["programs"] = Comparison(tools, wanted, modes, options.rounds, options.quick)
    if options.instructions or options.all:
        parts["instructions"] = Instructions(tools, options.library, wanted, options.quick)
    if options.micro or options.all:
        light = [mode for mode in modes if options.modes or not mode.name.startswith("jemalloc")]
        parts["micro"] = Micro(tools, light, options.rounds, options.quick, options.large or options.all)
    if options.large or options.all:
        parts["large"] = Large(tools, options.library, options.quick)
    if options.forks or options.all:
        parts["forks"] = Forks(tools, options.library, options.quick)
    if options.reach or options.all:
        parts["reach"] = Reach(tools, options.library, options.quick)
    return parts


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = read_arguments()
    folder = Path(tempfile.mkdtemp(prefix="leaktrace-bench."))
    tools = process.Tools(folder, QUICK_LIMIT if options.quick else LIMIT)
    where = machine()
    failed = False
    try:
        print("; ".join(where.values()), f"\n{options.rounds} rounds{', little work' if options.quick else ''}\n", flush=True)
        results = {"machine": where, "rounds": options.rounds, "quick": options.quick}
        for name, part in parts_of(options, tools).items():
            part.run()
            print(part.text(), flush=True)
            results[name] = part.json()
            failed |= part.failed()
        if options.json:
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    finally:
        process.kill_all()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
