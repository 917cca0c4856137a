"""The commands of the course: python -m course_utils lists them. Exit status everywhere: 0, 1 for a failure, 2 for wrong usage,
130 for Ctrl-C. Any old Python can read this file and the __init__.py files, so that it can say which Python is needed."""

import os
import sys

PYTHONS = ((3, 11), (3, 13))  # oldest and newest that the course runs on, as in pyproject.toml
COMMANDS = {  # name: (module and function, which takes the arguments and returns the exit status; what it does)
    "setup": ("student.environment:main", "create the environment of the course, or bring it up to date"),
    "lab": ("student.lab:main", "open the lessons in JupyterLab"),
    "update": ("student.update:main", "fetch new and corrected lessons; your work stays"),
    "doctor": ("student.doctor:main", "check this computer and say what is wrong and what to do"),
    "progress": ("student.exercise_status:main", "show which exercises pass, from your saved notebooks"),
    "data": ("data.prepare:main", "download real datasets and prepare them"),
    "sentiment": ("ask.sentiment:main", "classify film reviews with the model of lesson 10"),
    "seq2bow": ("ask.seq2bow:main", "learn from any table which interests go with job titles, and query the model"),
    "grade": ("grading.submissions:main", "grade a folder of students' notebooks (for instructors)"),
    "release": ("grading.release:main", "write what an instructor needs to build/release"),
    "slides": ("publish.slides:main", "write slides for each lesson to build/slides"),
    "site": ("publish.site:main", "write the whole course as web pages to build/site"),
    "notebooks": ("lessons.commands:notebooks", "build the notebooks whose sources have changed (for authors)"),
    "run": ("lessons.commands:run", "execute the lessons and measure every claim (for authors)"),
    "results": ("lessons.commands:results", "measure the lessons on real data, and rewrite RESULTS.md (for authors)"),
    "lint": ("lessons.lint:main", "check that every lesson has all that a lesson needs (for authors)"),
}
WITHOUT_CLONE = ("doctor", "progress", "data", "sentiment", "seq2bow")  # what works where the wheel is installed


def wrong_python(version):
    """What to tell a user whose Python is `version` (major, minor, ...); None if the course runs on it."""
    oldest, newest = PYTHONS
    if oldest <= tuple(version[:2]) <= newest:
        return None
    dots = [".".join(str(number) for number in numbers) for numbers in (version[:3], oldest, newest)]
    return (
        "This is Python " + dots[0] + "; the course needs Python " + dots[1] + " to " + dots[2] + ".\n"
        "Install one of these versions, too, and name it in the command, for example:\n"
        "    python" + dots[2] + " -m course_utils setup          (on Windows: py -" + dots[2] + " ...)\n"
        "    make lab PYTHON=python" + dots[2] + "\n"
    )


def unknown(what, name, names):
    """The message for a name that does not exist: the names that the user may have meant, or else all that exist."""
    import difflib

    close = [each for each in names if name and name.lower() in each.lower()]
    close = close if 0 < len(close) <= 3 else difflib.get_close_matches(name.lower(), names, 1)
    advice = "Did you mean " + " or ".join(close) + "?" if close else "Choose from: " + ", ".join(names)
    return "There is no " + what + " " + repr(name) + ". " + advice


def parser(name, **options):
    """The argparse parser of a command, described as in the list of commands."""
    import argparse

    return argparse.ArgumentParser("python -m course_utils " + name, description=COMMANDS[name][1], **options)


def positive(text):
    """A type for argparse: a number above zero."""
    if not 0 < float(text) < float("inf"):
        raise ValueError
    return float(text) if "." in text else int(text)


def main(argv):
    problem = wrong_python(sys.version_info)
    if problem:
        sys.stderr.write(problem)
        return 1
    if not argv or argv[0] not in COMMANDS:
        asked = argv[:1] in (["-h"], ["--help"])
        lines = ["usage: python -m course_utils COMMAND [options]", ""]
        lines += ["  " + name.ljust(11) + what for name, (_, what) in COMMANDS.items()]
        lines += ["", unknown("command", argv[0], COMMANDS)] if argv and not asked else []
        (sys.stdout if asked else sys.stderr).write("\n".join(lines) + "\n")
        return 0 if asked else 2
    import errno
    import importlib

    from course_utils.paths import INSTALLED, mode

    if INSTALLED and argv[0] not in WITHOUT_CLONE:
        others = ", ".join(WITHOUT_CLONE) + "\n"
        sys.stderr.write("The command " + argv[0] + " needs a clone of the course. Without one, you can use: " + others)
        return 2
    module, function = COMMANDS[argv[0]][0].split(":")
    try:
        if argv[0] != "doctor":  # which says more about it
            mode()
    except ValueError as error:
        sys.stderr.write(str(error) + "\n")
        return 2
    try:
        status = getattr(importlib.import_module("course_tools." + module), function)(argv[1:])
        if sys.stdout:
            sys.stdout.flush()
        return status
    except SystemExit as stop:  # argparse has said what is wrong
        return stop.code
    except BrokenPipeError:  # what read the output has ended, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT):
            raise
        sys.stderr.write(str(error) + "\nFree some space, or get the right to write there. Then try again.\n")
        return 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal may not know every character that is printed
    sys.exit(main(sys.argv[1:]))
