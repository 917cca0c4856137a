"""The commands of the course, for students, instructors and authors; `__main__.py` lists them. Lessons do not import them."""


class Problem(Exception):
    """Why a command cannot do its work: what is wrong, where, and what to do. The user gets the message without a traceback."""
