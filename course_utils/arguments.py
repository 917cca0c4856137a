"""Checks of what is passed to a function: an error says what was given and what is needed."""

import numpy as np


def check_shape(name: str, array, axes: str, *sizes: int | None, dtype=None) -> np.ndarray:
    """Return `array` as an ndarray with an axis of these sizes (None: any) for each word of `axes`, or raise ValueError."""
    names = f"({', '.join(axes.split())})"
    try:
        array = np.asarray(array, dtype=dtype)
    except (TypeError, ValueError) as error:
        hint = "rows of different lengths must be padded" if "inhomogeneous" in str(error) else error
        raise ValueError(f"{name} must be an array of numbers with the axes {names}; {hint}") from error
    if array.ndim != len(sizes) or any(size not in (None, has) for has, size in zip(array.shape, sizes, strict=True)):
        needed = ", ".join("any" if size is None else str(size) for size in sizes)
        raise ValueError(f"{name} has shape {array.shape} but needs {names} = ({needed})")
    return array


def at_least(least: int, **sizes: int) -> None:
    """Raise ValueError for a size that is not a whole number, or below `least`."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < least:
            raise ValueError(f"{name} is {size!r}; it must be a whole number, at least {least}")
