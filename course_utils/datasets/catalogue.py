"""Where each real dataset comes from, its terms, and where it is under COURSE_DATA_DIR. Needs the standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course_utils import paths


@dataclass(frozen=True)
class File:
    """A file to download."""

    url: str
    size: int | None = None  # bytes; None where they are not known, or change with time
    sha256: str | None = None
    gives: Mapping[str, int | None] = field(default_factory=dict)  # name → bytes of what is made from it, if it is

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Dataset:
    """What is known of one dataset."""

    name: str  # as in make data DATASETS=name
    folder: str  # where its prepared files are under COURSE_DATA_DIR
    summary: str
    terms: str
    files: tuple[File, ...]
    about: tuple[int, int] | None = None  # bytes to download and bytes prepared, roughly, where not all sizes are known
    records: Mapping[str, int] = field(default_factory=dict)  # name → how many a file has, where no hash is known

    @property
    def command(self) -> str:
        """The command that downloads and prepares it."""
        return f"python -m course_utils data {self.name}" if paths.INSTALLED else f"make data DATASETS={self.name}"

    @property
    def contents(self) -> dict[str, int | None]:
        """Its prepared files in order, name to bytes (None where unknown)."""
        return {name: size for file in self.files for name, size in (file.gives or {file.name: file.size}).items()}

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes to download and bytes prepared, roughly where not all are known."""
        return self.about or (sum(file.size for file in self.files), sum(size or 0 for size in self.contents.values()))

    def paths(self, data_dir: Path, *names: str) -> list[Path]:
        """Its prepared files, or only those of `names`, under `data_dir`, in the order of `contents`."""
        return [Path(data_dir, self.folder, name) for name in self.contents if not names or name in names]

    def is_ready(self, data_dir: Path, *names: str) -> bool:
        """Whether its files, or only those of `names`, are under `data_dir`. Looks at names and sizes only."""
        wanted = self.paths(data_dir, *names)
        return all(path.is_file() and self.contents[path.name] in (None, path.stat().st_size) for path in wanted)


DATASETS: dict[str, Dataset] = {}  # by name


def _add(name: str, summary: str, terms: str, *files: File, folder: str = "", **more) -> None:
    DATASETS[name] = Dataset(name, folder or name, summary, terms, files, **more)


_GITHUB = "https://raw.githubusercontent.com/"
_BOOKS = f"{_GITHUB}WillKoehrsen/wikipedia-data-science/"
_PART = f"{_BOOKS}e3d94022eed856ac2f172d0192d4cb35984925c0/data/"
_PLAYS = f"{_GITHUB}karpathy/char-rnn/master/data/tinyshakespeare/"
_RATED = f"{_GITHUB}mfaruqui/eval-word-vectors/master/data/word-sim/"
_W2V = f"{_GITHUB}tmikolov/word2vec/master/"
_NER = f"{_GITHUB}leondz/emerging_entities_17/master/"
_CDR = f"{_GITHUB}cambridgeltl/MTL-Bioinformatics-2016/df0df02fae6dbb87d88ffcf323b9096528f06f84/data/BC5CDR-IOB/"
_SNIPS = "https://github.com/sonos/nlu-benchmark/archive/b86ac7f1577868c42158d0dec77db50956046696/"
_M30K = f"{_GITHUB}multi30k/dataset/c9be912dc05a3ebf9ae5bb5f7f58c1791cda43ab/data/task1/raw/"
_JOBS = "https://huggingface.co/datasets/lukebarousse/data_jobs/resolve/main/"
_HSE = "https://github.com/hse-aml/natural-language-processing/releases/download/week1/"
_TF = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

_add(
    "imdb_reviews",
    "100,000 film reviews from IMDB: 25,000 to train on, 25,000 to test on, 50,000 without label",
    "Maas et al. 2011; free for research, cite it",
    File(
        "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
        84_125_825,
        "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        {
            "dataset_info.json": None,
            "features.json": None,
            "imdb_reviews-train.tfrecord-00000-of-00001": 34_457_750,
            "imdb_reviews-test.tfrecord-00000-of-00001": 33_675_595,
            "imdb_reviews-unsupervised.tfrecord-00000-of-00001": 69_606_612,
        },
    ),
    folder="imdb_reviews/plain_text/1.0.0",  # as tensorflow_datasets writes it, which states size and hash of the archive
)
_add(
    "word_similarity",
    "pairs of words rated by people (WordSim-353, SimLex-999), and 19,544 analogies",
    "Finkelstein et al. 2002, Hill et al. 2015, Mikolov et al. 2013; for research, cite them",
    File(f"{_RATED}EN-WS-353-ALL.txt", 7_405, "ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c"),
    File(f"{_RATED}EN-SIMLEX-999.txt", 18_024, "405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685"),
    File(f"{_W2V}questions-words.txt", 603_955, "8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36"),
)
_add(
    "books",
    "1,413 book articles of Wikipedia: titles, infoboxes and the pages they link to",
    "collected by W. Koehrsen, 2018; Wikipedia text CC BY-SA",
    File(f"{_PART}p15_books.ndjson", 1_962_641, "8a5936d69be4886075c04fcec028094edb08442daceb81679acca1753ce0f0fe"),
)
_add(
    "books_whole",
    "all 37,020 of them, for books.load(whole=True)",
    "collected by W. Koehrsen, 2018; Wikipedia text CC BY-SA",
    File(f"{_BOOKS}master/data/found_books_filtered.ndjson"),
    folder="books",
    about=(59_000_000, 59_000_000),
    records={"found_books_filtered.ndjson": 37_020},  # without pages of Wikipedia's own housekeeping
)
_add(
    "wikispeedia",
    "4,600 articles of Wikipedia for Schools, their subjects and 120,000 links between them",
    "West et al. 2009, West and Leskovec 2012; SNAP, cite them",
    File(  # size and hash as several projects that use the archive state them; SNAP publishes none
        "https://snap.stanford.edu/data/wikispeedia/wikispeedia_paths-and-graph.tar.gz",
        9_901_821,
        "97697096f5d2dcb77aa69e3992305c6c561de89edb9fb10b5ad9feaf8ba534d5",
        {"articles.tsv": None, "categories.tsv": None, "links.tsv": None},
    ),
    about=(9_901_821, 4_000_000),
)
_add(
    "keras_imdb",
    "the word index of keras.datasets.imdb: numbers of 88,584 words",
    "distributed with Keras (Apache 2.0), made from the reviews of Maas et al. 2011",
    File(f"{_TF}imdb_word_index.json", 1_641_221, "027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6"),
    folder="keras",  # size and SHA-256 are those of a file with the MD5 that Keras states
)
_ONET = {  # rows, counted in version 27.0
    "Occupation Data.txt": 1_016,
    "Alternate Titles.txt": 52_754,
    "Sample of Reported Titles.txt": 7_541,
    "Technology Skills.txt": 30_826,
    "Tools Used.txt": 41_644,
}
_add(
    "onet",
    "O*NET 27.0: 45,000 job titles of 1,016 occupations, with their technology and tools",
    "U.S. Department of Labor, Employment and Training Administration; CC BY 4.0",
    File("https://www.onetcenter.org/dl_files/database/db_27_0_text.zip", gives=dict.fromkeys(_ONET)),
    about=(12_000_000, 7_650_000),
    records=_ONET,
)
_add(
    "postings",
    "postings of data roles in 2023: titles, countries and skills",
    "collected by L. Barousse, data_jobs; Apache-2.0 as its author states",
    File(f"{_JOBS}data_jobs.csv", gives={"data_jobs_title_skills.csv": None}),
    about=(231_000_000, 70_000_000),
)
_add(
    "stackoverflow",
    "30,000 titles of questions on Stack Overflow with their tags, of 100 kinds",
    "Stack Exchange, CC BY-SA; collected for a course on NLP at HSE",
    File(f"{_HSE}validation.tsv", 2_166_270, "fafd81ea0fb3aca6dbdd239b80759a20dbcd1a80a919fd5e6aafc7eabf15cefb"),
)
_INTENTS = "AddToPlaylist BookRestaurant GetWeather PlayMusic RateBook SearchCreativeWork SearchScreeningEvent".split()
_TRAIN = zip(_INTENTS, (833_810, 980_018, 743_646, 675_343, 506_364, 292_392, 364_989), strict=True)  # sizes in bytes
_TEST = zip(_INTENTS, (44_160, 49_353, 39_612, 33_122, 52_854, 31_404, 35_716), strict=True)
_UTTERANCES = {f"train_{name}_full.json": n for name, n in _TRAIN} | {f"validate_{name}.json": n for name, n in _TEST}
_add(
    "snips",
    "14,484 utterances for a voice assistant in which slots are tagged, of 39 types",
    "Coucke et al. 2018; CC0, cite it",
    File(f"{_SNIPS}nlu-benchmark.zip", gives=_UTTERANCES),  # GitHub states no hash
    about=(1_000_000, 4_682_783),
)
_add(
    "bc5cdr",
    "13,938 sentences from abstracts of medical articles in which 28,787 chemicals and diseases are tagged",
    "Li et al. 2016, BioCreative V; as prepared by Crichton et al. 2017, CC BY 4.0",
    File(f"{_CDR}train.tsv", 1_039_940, "b731361c0ed73afd04cc5fdad39afcdfd8f325d6e46c282339185a91d1af4c14"),
    File(f"{_CDR}devel.tsv", 1_031_781, "b909de65c4f7e3c23bb09ad52d654cdc92e96db941abe1a5dcf6f6010c03cff5"),
    File(f"{_CDR}test.tsv", 1_080_717, "e41a2843a5fff0cd8d1a88cb147968d61ae29336ca70cddc3d7fb8ff21dfa1e8"),
)
_add(
    "wnut17",
    "5,690 posts and comments in which 3,890 names are tagged, of six types",
    "Derczynski et al. 2017, W-NUT; CC BY 4.0",
    File(f"{_NER}wnut17train.conll", 493_781, "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5"),
    File(f"{_NER}emerging.dev.conll", 114_749, "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"),
    File(f"{_NER}emerging.test.annotated", 192_425, "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"),
)
_add(
    "tiny_shakespeare",
    "40,000 lines of Shakespeare's plays",
    "in the public domain; put together by A. Karpathy, char-rnn, 2015",
    File(f"{_PLAYS}input.txt", 1_115_394, "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"),
)
_add(
    "tatoeba",
    "sentences with their translations: 167,000 pairs English–French, 29,000 English–Mandarin, or more",
    "tatoeba.org, through manythings.org/anki; CC BY 2.0 FR",
    File("https://www.manythings.org/anki/fra-eng.zip", gives={"fra.txt": None}),
    File("https://www.manythings.org/anki/cmn-eng.zip", gives={"cmn.txt": None}),
    about=(10_000_000, 45_000_000),
    records={"fra.txt": 100_000, "cmn.txt": 20_000},  # at least; they are packed anew from time to time, with more
)
_add(
    "multi30k",
    "31,014 captions of pictures in English, and their French translations",
    "Elliott et al. 2016, 2017; for research and education, not commercial, cite them",
    File(f"{_M30K}train.en.gz", 568_929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
    File(f"{_M30K}train.fr.gz", 604_242, "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c"),
    File(f"{_M30K}val.en.gz", 21_650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
    File(f"{_M30K}val.fr.gz", 23_001, "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9"),
    File(f"{_M30K}test_2016_flickr.en.gz", 21_077, "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
    File(f"{_M30K}test_2016_flickr.fr.gz", 22_310, "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90"),
)
