"""Helpers of the course: the plumbing around the lessons, small enough to read in an evening.

Importing it is cheap: TensorFlow, scikit-learn and Matplotlib are imported only by the functions that use them.
"""

__version__ = "0.1.0"
