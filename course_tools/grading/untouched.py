"""Notices when a student's code changes what checks and the grader itself use, and puts it back.

Otherwise an answer that replaces numpy.allclose would get full points. Functions, classes and modules are watched by their
names, functions written in Python by their code, too, and all globals of tests. Other variables of a module are its state, such
as Keras's settings. Tuples hold what is kept: code that searches the memory of its process cannot easily change these.
"""

import builtins
import sys
from collections.abc import Iterable, Iterator
from types import FunctionType, ModuleType

import numpy as np

PACKAGES = set("builtins contextlib course_tools course_utils inspect json math numpy os signal".split())
FREE = set("print input help exit quit display copyright credits license".split())  # no check uses these
BUILT_IN = set(vars(builtins)) - FREE
CODE = ("__code__", "__defaults__", "__kwdefaults__")
INSIDE = {type(np.allclose): "_implementation", staticmethod: "__func__", classmethod: "__func__", property: "fget"}
INSIDE |= {FunctionType: "__wrapped__"}


class Untouched:
    """What is watched, as it is now: `tests`, packages that they have `imported`, and the grader (`own` is its globals)."""

    def __init__(self, tests: Iterable[FunctionType], imported: set[str], own: dict):
        packages = PACKAGES | imported
        modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in packages}
        spaces = [(name, vars(module), None) for name, module in modules.items() if isinstance(module, ModuleType)]
        spaces += [("sys.modules", sys.modules, None), ("the grader", own, None)]
        for value in [value for _, space, _ in spaces for value in space.values() if isinstance(value, type)]:
            if value.__module__.partition(".")[0] in packages - {"builtins"}:
                spaces.append((f"{value.__module__}.{value.__qualname__}", vars(value), value))
        spaces += [("the tests", test.__globals__, None) for test in tests]
        once = {id(owner or space): (name, space, owner) for name, space, owner in reversed(spaces)}
        functions = {id(test): (f"the tests.{test.__name__}", test) for test in tests}
        watched = []
        for name, space, owner in reversed(once.values()):
            kept = modules if space is sys.modules else space
            kept = tuple(pair for pair in kept.items() if name == "the tests" or _watched(pair[1]))
            watched.append((name, space, owner, frozenset(space), kept))
            for key, value in kept:
                for function in _written(value):
                    functions.setdefault(id(function), (f"{name}.{key}", function))
        self._spaces, self._tracing = tuple(watched), (sys.gettrace(), sys.getprofile())
        self._functions = tuple(
            (name, function, tuple(getattr(function, part) for part in CODE)) for name, function in functions.values()
        )

    def restore(self) -> list[str]:
        """Put back what has changed: its names."""
        found, before = [], []
        for _, space, owner, _, kept in self._spaces:  # in this loop, calling a built-in function would be too early
            before.append(space.copy())
            if owner is None:
                space.update(kept)
        for (name, space, owner, names, kept), had in zip(self._spaces, before, strict=True):
            changed = {key: value for key, value in kept if had.get(key, kept) is not value}
            new = had.keys() - names if name == "the tests" else BUILT_IN & had.keys() - names
            if owner is None:
                for key in new:
                    del space[key]
            else:
                for key, value in changed.items():
                    type.__setattr__(owner, key, value)
            found += [f"{name}.{key}" for key in [*changed, *new] if name != "builtins" or key not in FREE]
        for name, function, kept in self._functions:
            for part, value in zip(CODE, kept, strict=True):
                if getattr(function, part) is not value:
                    setattr(function, part, value)
                    found.append(name)
        if (sys.gettrace(), sys.getprofile()) != self._tracing:
            sys.settrace(self._tracing[0])
            sys.setprofile(self._tracing[1])
            found.append("sys.settrace")
        return list(dict.fromkeys(found))


def _watched(value) -> bool:
    return callable(value) or isinstance(value, ModuleType | property | staticmethod | classmethod)


def _written(value) -> Iterator[FunctionType]:
    """The functions written in Python in a function, method or property, and in those that it wraps."""
    while name := INSIDE.get(type(value)):
        if isinstance(value, FunctionType):
            yield value
        value = getattr(value, name, None)
