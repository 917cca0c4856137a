"""The commands of the course, for students, instructors and authors; `__main__.py` lists them. Lessons do not import them."""
