"""One running text for a language model: the embedded sample, which is the course's own prose, or Tiny Shakespeare.

Tiny Shakespeare: 40,000 lines of Shakespeare's plays, in the public domain, put together by A. Karpathy for char-rnn
("The Unreasonable Effectiveness of Recurrent Neural Networks", 2015). The sample: `data/README.md`.
"""

from course_utils.datasets import Splits, announce, lines, real_files, sample


def load() -> Splits:
    """Tiny Shakespeare or the sample, as three strings, which follow each other in the text: the last tenth is the test set,
    the twentieth before it the validation set, the rest the training set."""
    files = real_files("tiny_shakespeare")
    path = files[0] if files else sample("texts.txt.bz2")
    text = "".join(line for _, line in lines(path, "tiny_shakespeare"))
    first, second = len(text) * 17 // 20, len(text) * 18 // 20
    splits = Splits("real" if files else "sample", text[:first], text[first:second], text[second:])
    counts = f"{len(text):,} characters: {splits.sizes}; {len(set(text))} different ones"
    return announce("Text", splits.source, "tiny_shakespeare", counts, splits)
