"""The commands of the course, for students, instructors and authors. Lessons do not import them.

`python -m course_utils` lists them; `course_tools/__main__.py` says which module each one is in.
"""
