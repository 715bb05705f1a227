"""Runs a command that the kernel ends when the process that wanted it dies, even by SIGKILL.

Run as a script of its own (``python -I -S launch.py PARENT_PID COMMAND…``), since setting the signal
between fork and exec of a program with threads is not safe. Linux: prctl(2), PR_SET_PDEATHSIG, which
exec keeps. Elsewhere the command just runs, and a later start ends what was left behind.
"""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def main(arguments: list[str]) -> None:
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        import ctypes

        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
        if os.getppid() != parent:
            sys.exit("the parent process is gone already")
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"can't run {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
