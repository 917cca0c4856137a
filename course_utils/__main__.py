"""python -m course_utils COMMAND: the door to the commands of the course, which are in course_tools."""

import runpy

if __name__ == "__main__":
    runpy.run_module("course_tools", run_name="__main__", alter_sys=True)
