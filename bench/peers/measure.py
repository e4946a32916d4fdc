"""Runs a program and prints what it cost: seconds on the clock, processor seconds of its own and of the system, peak
resident memory in bytes.

    measure.py OUTPUT PROGRAM [ARGUMENT...]      standard output of PROGRAM goes to the file OUTPUT

Only the standard library is used, so that this process stays small: its own memory is the least that is reported.
"""

import json
import os
import sys
import time


def main() -> int:
    output, program = sys.argv[1], sys.argv[2:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    started = time.perf_counter()
    child = os.posix_spawnp(
        program[0], program, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644)]
    )
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    cost = {
        "wall_s": wall,
        "processor_s": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    print(json.dumps(cost))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
