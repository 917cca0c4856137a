"""Tokens, vocabulary, one-hot vectors, bags of words, padding: what lessons 01 and 09 derive and later lessons import."""

import re
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

PAD = "<pad>"

_BREAK = re.compile(r"<br\s*/?>")
_MARKS = "".join(c for c in map(chr, range(0x300, 0x3100)) if unicodedata.category(c)[0] == "M")  # accents, vowel signs
_ALONE = "\u3041-\u3096\u30a1-\u30fa\u30fc-\u30ff\u3400-\u9fff"  # Kana and Han are written without spaces between words
_LETTER = rf"[^\W_{_ALONE}]"
_WORDS = re.compile(r"[a-zA-Z']+")
_PUNCTUATION = re.compile(r"[a-z']+|[0-9]+|[^\w\s]")
_ANY_SCRIPT = re.compile(rf"[{_ALONE}]|{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*(?:\+\+|#|\+(?!\w))?")
_KEY = re.compile(rf"(?:[^\W\d_]|['{_MARKS}])+")
_LANGUAGES = {  # in French, an elided word keeps its apostrophe, and the next begins after it: l' arbre, jusqu' à
    "english": re.compile(r"\d+(?:[.,:]\d+)+|\w+(?:['-]\w+)*|[^\w\s]"),
    "french": re.compile(r"\d+(?:[.,:]\d+)+|aujourd'hui|quelqu'une?\b|\w+(?:-\w+)*'?|[^\w\s]"),
    "mandarin": re.compile(r"[a-z0-9]+|\S"),  # a character each, but Latin words and numbers whole
}
# Other apostrophes become the usual one; soft hyphens, direction marks and other characters without width are removed.
_PLAIN = str.maketrans("’‘ʼ", "'''", "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")


def tokenize(
    text: str, lower: bool = True, punctuation: bool = False, any_script: bool = False, language: str | None = None
) -> list[str]:
    """Tokens of `text`: its words of Latin letters without accents and of apostrophes. Everything else separates words.

    lower: in lower case. punctuation: numbers and single punctuation characters are tokens, too: `10/10!` gives `10`, `/`,
    `10`, `!`. any_script: letters and digits of all scripts make up words, which may end in the `++` or `#` of C++ and C#; each
    Chinese or Japanese character is a word. language: "english", "french" or "mandarin", for translation: punctuation
    characters are tokens, accents are kept, and characters without width are removed. All three imply lower case.

    Line-break tags (`<br />`) separate words, except with a language. Raises TypeError for anything but a string, and KeyError
    for another language.
    """
    if not isinstance(text, str):
        raise TypeError(f"tokenize takes one string, got {type(text).__name__}; for many: [tokenize(t) for t in texts]")
    if language:
        return _LANGUAGES[language].findall(unicodedata.normalize("NFC", text).translate(_PLAIN).lower())
    if any_script:
        return _ANY_SCRIPT.findall(_BREAK.sub(" ", normalize(text)))
    if punctuation:
        return _PUNCTUATION.findall(_BREAK.sub(" ", text.replace("’", "'").lower()))
    words = _WORDS.findall(_BREAK.sub(" ", text.replace("’", "'")))
    return [sys.intern(word.lower() if lower else word) for word in words]  # one copy in memory of each word


def normalize(text: str) -> str:
    """`text` in lower case and in Unicode's form NFKC: one way to write each letter, whatever its accents or width."""
    return unicodedata.normalize("NFKC", text).lower().replace("i\u0307", "i")  # lower() makes i and U+0307 of İ


def title_key(title: str) -> str:
    """What two ways to write the same title have in common: its words, casefolded, with single spaces between them.

    Words are made of letters of any script and apostrophes: "Data Analyst (m/f/d)" and "data analyst, M/F/D 2" are the same
    title. A title without a letter has the key "".
    """
    return " ".join(_KEY.findall(_BREAK.sub(" ", normalize(title.replace("’", "'")).casefold())))


class Vocabulary:
    """Ids for words: 0 is padding, then the words as given, then `oov_buckets` ids for words that are not in the list.

    A word that is out of the vocabulary (OOV) always falls into the same bucket, on every machine. `len(vocabulary)`
    counts all ids: 1 + number of words + oov_buckets. Raises ValueError for duplicate words or no bucket.
    """

    def __init__(self, words: Sequence[str], oov_buckets: int = 1):
        if oov_buckets < 1:
            raise ValueError(f"oov_buckets is {oov_buckets}; unknown words need at least one")
        self.words = [PAD, *words]
        self.ids = {word: i for i, word in enumerate(self.words)}
        if len(self.ids) < len(self.words):
            twice = [word for word, n in Counter(self.words).items() if n > 1]
            raise ValueError(f"a vocabulary has each word once; more than once: {twice[:5]}")
        self.oov_buckets = oov_buckets

    @classmethod
    def from_documents(cls, documents: Iterable[Sequence[str]], size: int | None = None, oov_buckets: int = 1):
        """The `size` most frequent words of tokenized `documents` (by default all), the most frequent or earliest first."""
        counts = Counter(word for document in documents for word in document)
        return cls([word for word, _ in counts.most_common(size)], oov_buckets)

    def __len__(self) -> int:
        return len(self.words) + self.oov_buckets

    def __contains__(self, word: str) -> bool:
        return word in self.ids

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Ids (number of words,) int32 of a tokenized text."""
        if isinstance(words, str):
            raise TypeError(f"encode takes a list of words, got one string; tokenize it first: {words[:40]!r}")
        return np.array([self.ids[w] if w in self.ids else self._bucket(w) for w in words], dtype=np.int32)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Words of `ids`; ids of OOV buckets become `<oov:0>`, `<oov:1>`, … Raises IndexError for ids that do not exist."""
        return [self._word(int(i)) for i in ids]

    def _bucket(self, word: str) -> int:
        return len(self.words) + zlib.crc32(word.encode("utf-8", "surrogatepass")) % self.oov_buckets

    def _word(self, i: int) -> str:
        if not 0 <= i < len(self):
            raise IndexError(f"id {i} is outside of the vocabulary's 0 … {len(self) - 1}")
        return self.words[i] if i < len(self.words) else f"<oov:{i - len(self.words)}>"


def one_hot(ids: Sequence[int], size: int) -> np.ndarray:
    """One row for each id, with 1 at the id and 0 elsewhere: (number of ids, size) float32. Raises IndexError for an id outside
    of 0 … size − 1."""
    ids = np.asarray(ids, dtype=np.int64)
    if ids.size and not (0 <= ids.min() and ids.max() < size):
        raise IndexError(f"ids {ids.min()} … {ids.max()} do not fit vectors of size {size}")
    vectors = np.zeros((len(ids), size), dtype=np.float32)
    vectors[np.arange(len(ids)), ids] = 1
    return vectors


def bag_of_words(documents: Sequence[Sequence[str]], vocabulary: Vocabulary) -> sparse.csr_array:
    """How often each word occurs in each tokenized document: sparse (documents, len(vocabulary)) float32 counts. A bag is the
    sum of its words' one-hot vectors; unknown words are counted in their bucket."""
    encoded = [vocabulary.encode(document) for document in documents]
    # 32-bit indices: scikit-learn's liblinear takes no others
    rows = np.repeat(np.arange(len(encoded), dtype=np.int32), [len(ids) for ids in encoded])
    columns = np.concatenate(encoded) if encoded else np.zeros(0, dtype=np.int32)
    ones = np.ones(len(columns), dtype=np.float32)
    counts = sparse.coo_array((ones, (rows, columns)), shape=(len(encoded), len(vocabulary))).tocsr()
    counts.sum_duplicates()
    return counts


def pad(sequences: Sequence[Sequence[int]], length: int | None = None, side: str = "right") -> np.ndarray:
    """One row of ids for each sequence, padded with 0: (sequences, length) int32.

    `length` is that of the longest sequence unless given; longer sequences are cut to their first `length` ids. `side` says
    where the padding is, "left" or "right". Raises ValueError for another side.
    """
    if side not in ("left", "right"):
        raise ValueError(f"padding is on the 'left' or on the 'right', not {side!r}")
    length = max(map(len, sequences), default=0) if length is None else length
    padded = np.zeros((len(sequences), length), dtype=np.int32)
    for row, ids in zip(padded, sequences, strict=True):
        start = max(length - len(ids), 0) if side == "left" else 0
        row[start : start + len(ids)] = ids[:length]
    return padded
