"""KeyedVectors: words, their vectors and queries about them, with the names of gensim 4.

NamedVectors     the arrays and changes of them, keys -> rows, norms
Queries          similarity, neighbors
KeyedVectors     evaluation, files, other libraries
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from w2v_fast.system.files import is_stream, open_raw
from w2v_fast.vectors import conversions, formats, hub
from w2v_fast.vectors.choices import check_choice
from w2v_fast.vectors.data import VectorData
from w2v_fast.vectors.evaluation.analogies import marked_questions
from w2v_fast.vectors.evaluation.known_words import fold_of
from w2v_fast.vectors.evaluation.pairs import evaluate_pairs
from w2v_fast.vectors.file_sets import is_current, open_together
from w2v_fast.vectors.index import ApproximateIndex
from w2v_fast.vectors.named_vectors import Key
from w2v_fast.vectors.queries import Queries
from w2v_fast.vectors.vocabulary_file import read_counts
from w2v_fast.vectors.word_mover import word_mover_distance

if TYPE_CHECKING:
    from w2v_fast.explore.notebook import Page

METHODS = {"most_similar": "add", "most_similar_cosmul": "mul"}
"""Methods of answering analogies: gensim's name to that of `evaluation`."""
MOVED = {
    "vocab": "key_to_index, index_to_key or get_vecattr(key, 'count')",
    "index2word": "index_to_key",
    "index2entity": "index_to_key",
    "word_vec": "get_vector(key)",
    "syn0": "vectors",
    "syn0norm": "get_normed_vectors()",
    "vectors_norm": "get_normed_vectors()",
    "init_sims": "fill_norms(), or get_normed_vectors() for unit vectors",
    "words_closer_than": "closer_than(key1, key2)",
    "wv": "these vectors themselves: they are the KeyedVectors",
    "expandos": "counts",
}
"""Names of older gensim versions, and their replacements."""


class KeyedVectors(Queries):
    """Vectors with names.

    Parameters
    ----------
    keys
        V different words; `keys[i]` names row i.
    vectors
        [V, d] float32 or float16, in memory or memory-mapped. Kept without a copy, and then shared
        with the caller; another numeric type is converted to float32. Queries compute in float32.
    counts
        [V] occurrences of the words, kept as int64; None if unknown.
    output_vectors
        [V, d] output weights of the trainer; None if there are none.
    metadata
        Where the vectors come from, how they were trained; values that JSON can hold.

    Attributes
    ----------
    index_to_key : list[str]
    key_to_index : dict[str, int]
    counts : np.ndarray | None
    output_vectors : np.ndarray | None
    metadata : dict[str, Any]
    version : int
        Grows with each change by a method; writing into `vectors` does not change it.

    Raises
    ------
    ValueError
        A key occurs twice, or the shapes do not fit together.
    TypeError
        A key is not a string, or the vectors are not numbers.

    Notes
    -----
    An integer as a key stands for the word of its digits, never for a row; rows are accessed by
    `vectors[i]` and `index_to_key[i]`. A vector of zeros has no direction: its cosine is NaN and it
    ranks last among neighbors; only `similarity`, `distance` and `n_similarity` take it as 0, as
    gensim does.

    Norms are never out of date. They are cached only while nobody else can write into the array:
    if it was read from a file and `vectors` was never accessed, or if it is mapped read-only.
    Otherwise each query computes them again, which about doubles its time.

    The vectors of a model (`Word2Vec.wv`) are its weights. Adding keys copies them into a new
    array, which further training would not update; `Word2Vec.train` then raises an error.
    """

    def __getattr__(self, name: str) -> Any:
        if name in MOVED:
            raise AttributeError(
                f"KeyedVectors has no {name!r}, a name of older gensim versions; use {MOVED[name]}"
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # -- documents, an index, a selection ----------------------------------------------------------

    def wmdistance(
        self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True
    ) -> float:
        """Word Mover's Distance of two documents: the least cost of moving one to the other.

        Kusner et al., "From Word Embeddings To Document Distances" (2015). The mass of a word is
        its share of the document, the cost the Euclidean distance it moves; unknown words are left
        out.

        Parameters
        ----------
        document1, document2
            Words, with repetitions.
        norm
            Scale the vectors to length 1 first.

        Returns
        -------
        float
            Infinity if a document has no known word.

        Raises
        ------
        ImportError
            POT is not installed (extra: `wmd`).
        TypeError
            A word is neither a string nor an integer.
        """
        return word_mover_distance(self, document1, document2, norm)

    def build_index(
        self, connectivity: int = 16, expansion_add: int = 128, expansion_search: int = 64
    ) -> ApproximateIndex:
        """Build an approximate index of all vectors, for `most_similar(..., indexer=index)`.

        Parameters
        ----------
        connectivity
            Links of a vector in the graph.
        expansion_add, expansion_search
            Candidates examined while building and while searching: more are slower and miss fewer
            neighbors.

        Returns
        -------
        ApproximateIndex
            Of the present vectors; it raises ValueError after a vector has changed.

        Raises
        ------
        ImportError
            usearch is not installed (extra: `ann`).
        """
        return ApproximateIndex(self, connectivity, expansion_add, expansion_search)

    def explore(self, words: int = 10_000, name: str = "vectors") -> Page:
        """Show the words in a notebook: a map, search, neighbors, analogies, comparisons.

        Parameters
        ----------
        words
            The first, most frequent words, 1 to 50,000; the notebook keeps their vectors in 8 bits.
        name
            What the page calls them.

        Returns
        -------
        Page
            A frame that a notebook displays; it works without a server and without a network.

        Raises
        ------
        ValueError
            The vectors have no words, or `words` is out of its range.
        """
        from w2v_fast.explore.notebook import show

        return show(self, words, name)

    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> KeyedVectors:
        """New KeyedVectors of the known keys among `keys`, in their order, without repeats.

        Parameters
        ----------
        keys
            Words.
        allow_inference
            No effect: vectors of unknown words cannot be inferred.
        copy_vecattrs
            Copy the counts too.

        Returns
        -------
        KeyedVectors
            With a copy of the vectors.

        Raises
        ------
        TypeError
            A key is neither a string nor an integer.
        """
        rows = list(dict.fromkeys(self.get_index(key) for key in keys if key in self))
        counts = self.counts[rows] if copy_vecattrs and self.counts is not None else None
        words = [self.index_to_key[row] for row in rows]
        return KeyedVectors(words, np.asarray(self._vectors[rows]), counts)

    # -- evaluation --------------------------------------------------------------------------------

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str | None = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[tuple[float, float], tuple[float, float], float]:
        """Correlation of the cosines with human scores of word pairs.

        Parameters
        ----------
        pairs
            File of `word1 <delimiter> word2 <delimiter> score` lines; see `evaluation.read_pairs`.
        delimiter
            Between columns; None finds it from the lines.
        encoding
            Of the file.
        restrict_vocab
            Use only the N most frequent words, the first rows (None: all).
        case_insensitive
            Compare upper-cased words; of several spellings the first row counts.
        dummy4unknown
            Score pairs with an unknown word 0 instead of leaving them out.

        Returns
        -------
        (pearson r, p), (spearman rho, p), percent of pairs with an unknown word
            p is two-sided, and NaN where scipy is not installed.

        Raises
        ------
        ValueError
            The file cannot be read as pairs (file and line are named), or fewer than two pairs are
            left.
        OSError
            The file cannot be read.
        """
        result = evaluate_pairs(
            self,
            pairs,
            delimiter=delimiter,
            encoding=encoding,
            restrict_vocab=restrict_vocab,
            case_insensitive=case_insensitive,
            oov="zero" if dummy4unknown else "skip",
        )
        if (result.pairs if dummy4unknown else result.covered) < 2:
            known = f"{result.covered} of {result.pairs} pairs have both words in the vocabulary"
            raise ValueError(f"{os.fspath(pairs)}: {known}; a correlation needs two")
        pearson, spearman = (result.pearson, result.pearson_p), (result.spearman, result.spearman_p)
        return pearson, spearman, 100 * (1 - result.coverage)

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
        similarity_function: str = "most_similar",
    ) -> tuple[float, list[dict[str, Any]]]:
        """Share of the questions "a is to b as c is to ?" that are answered correctly.

        Parameters
        ----------
        analogies
            File of `a b c expected` lines in sections `: name`, as questions-words.txt.
        restrict_vocab
            Use only the N most frequent words, the first rows, for questions and answers (None:
            all).
        case_insensitive
            Compare upper-cased words; of several spellings the first row counts.
        dummy4unknown
            Count questions with an unknown word as answered wrong instead of leaving them out.
        similarity_function
            "most_similar" (3CosAdd) or "most_similar_cosmul" (3CosMul).

        Returns
        -------
        score, sections
            Share of correct answers, and for each section, and "Total accuracy" at the end, a dict
            of `section` (its name), `correct` and `incorrect` (lists of questions).

        Raises
        ------
        ValueError
            The file cannot be read as questions (file and line are named), or the similarity
            function is neither.
        OSError
            The file cannot be read.
        """
        check_choice("similarity_function", similarity_function, METHODS)
        fold, method = fold_of(case_insensitive), METHODS[similarity_function]
        answered = marked_questions(self, analogies, restrict_vocab, fold, method)
        sections: list[dict[str, Any]] = []
        total: dict[str, list[tuple[str, ...]]] = {"correct": [], "incorrect": []}
        for name, questions, marks in answered:
            section: dict[str, Any] = {"section": name, "correct": [], "incorrect": []}
            for question, mark in zip(questions, marks, strict=True):
                if mark is not None or dummy4unknown:
                    section["correct" if mark else "incorrect"].append(tuple(map(fold, question)))
            sections.append(section)
            for kind, questions_of_kind in total.items():
                questions_of_kind += section[kind]
        counted = len(total["correct"]) + len(total["incorrect"])
        sections.append({"section": "Total accuracy", **total})
        return len(total["correct"]) / max(counted, 1), sections

    # -- files and other libraries -----------------------------------------------------------------

    def save(self, path: str | os.PathLike[str], format: str | None = None, **options: Any) -> None:
        """Write to a file, whole or not at all.

        Parameters
        ----------
        path, format
            The file and its format; by default the suffix of `path` chooses it.
        **options
            See `formats.save`.

        Raises
        ------
        ValueError, TypeError, OSError
            As `formats.save`; nothing is written then.
        """
        formats.save(self, path, format=format, **options)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **options: Any) -> Self:
        """Read from a file of any known format, recognized by its content.

        Parameters
        ----------
        path
            A file or folder.
        **options
            See `formats.load`.

        Returns
        -------
        KeyedVectors
            Mapped from the file where the format allows it.

        Raises
        ------
        ValueError, TypeError, OSError
            As `formats.load`.
        """
        return cls._from_file(formats.load(path, **options))

    @classmethod
    def _from_file(cls, data: VectorData) -> Self:
        kv = cls.from_data(data)
        kv._owned = True  # nobody else has these arrays
        return kv

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a file in the format of word2vec.c; `load` recognizes formats and has more options.

        Parameters
        ----------
        fname
            The file.
        fvocab
            Vocabulary file with the counts, in lines of `word count`; missing words have count 0.
        binary
            Binary instead of text.
        encoding, unicode_errors
            How the words' bytes are decoded.
        limit
            Number of rows to read from the start of the file (0 or None: all).
        datatype
            Type of the vectors in memory: float32 or float16.
        no_header
            The text has no first line with the number and size of the vectors.

        Returns
        -------
        KeyedVectors
            With counts if `fvocab` is given.

        Raises
        ------
        ValueError, OSError
            As `formats.load`; a ValueError also for a damaged vocabulary file.
        """
        if binary and no_header:
            raise ValueError("a binary file needs its header: no_header works with text only")
        options: dict[str, Any] = {} if binary else {"no_header": no_header}
        options |= {
            "format": "word2vec_binary" if binary else "word2vec_text",
            "limit": limit or None,
            "encoding": encoding,
            "errors": unicode_errors,
        }
        if fvocab is None:
            data = formats.load(fname, **options)
        else:
            data, counts = _load_with_counts(fname, fvocab, options)
            data.counts = np.array([counts.get(key, 0) for key in data.index_to_key], np.int64)
        data.vectors = data.vectors.astype(datatype, copy=False)
        return cls._from_file(data)

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        write_header: bool = True,
    ) -> None:
        """Write the format of word2vec.c, the most frequent words first if there are counts.

        Parameters
        ----------
        fname
            The file.
        fvocab
            File for the counts, in lines of `word count`; both files are replaced together.
        binary
            Binary instead of text.
        write_header
            False leaves the first line of the text out, as GloVe does.

        Raises
        ------
        ValueError, OSError
            As `formats.save`; a ValueError also for a binary file without its header.
        """
        if binary and not write_header:
            problem = "write_header=False works with text only"
            raise ValueError(f"a binary file needs its header: {problem}")
        format = "word2vec_binary" if binary else "word2vec_text" if write_header else "glove"
        self._most_frequent_first().save(fname, format=format, fvocab=fvocab)

    def _most_frequent_first(self) -> KeyedVectors:
        if self.counts is None or (np.diff(self.counts) <= 0).all():
            return self
        order = np.argsort(-self.counts, kind="stable")
        keys = [self.index_to_key[row] for row in order.tolist()]
        return KeyedVectors(keys, self._vectors[order], self.counts[order])

    def to_numpy(self, dtype: Any = np.float32) -> np.ndarray:
        """Copy the vectors into memory.

        Parameters
        ----------
        dtype
            Of the result.

        Returns
        -------
        np.ndarray
            [V, d] of `dtype`.
        """
        return np.array(self._vectors, dtype)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame [V, d] with the keys as index.

        Returns
        -------
        pandas.DataFrame
            [V, d].

        Raises
        ------
        ImportError
            pandas is not installed (extra: `pandas`).
        """
        return conversions.to_pandas(self)

    def to_torch(self) -> Any:
        """A torch.Tensor [V, d] that shares memory with the vectors if they are writable.

        Returns
        -------
        torch.Tensor
            [V, d].

        Raises
        ------
        ImportError
            torch is not installed.
        """
        return conversions.to_torch(self)

    def to_gensim(self) -> Any:
        """A gensim.models.KeyedVectors with the same keys and counts, sharing the vectors.

        Returns
        -------
        gensim.models.KeyedVectors
            Of gensim 4.

        Raises
        ------
        ImportError
            gensim 4 is not installed.
        """
        return conversions.to_gensim(self)

    @classmethod
    def from_gensim(cls, kv: Any) -> Self:
        """KeyedVectors that share the vectors of gensim.

        Parameters
        ----------
        kv
            A KeyedVectors of gensim 4, or its Word2Vec, whose output weights are kept too.

        Returns
        -------
        KeyedVectors
            With the same keys and counts.
        """
        return cls.from_data(conversions.from_gensim(kv))

    def push_to_hub(
        self,
        repo_id: str,
        *,
        license: str | None = None,
        private: bool | None = None,
        message: str = "Upload word vectors",
    ) -> str:
        """Upload to a repository of the Hugging Face Hub, in one commit.

        It receives the native folder, which `from_hub`, sentence-transformers and model2vec load,
        and a model card (README.md) of the hyper-parameters, the size of the corpus and the
        license. A card that the repository has already stays as it is.

        Parameters
        ----------
        repo_id
            "user/name", or "name" for the user who is logged in; made if there is none.
        license
            For the card: an identifier of the Hub, such as "cc-by-4.0".
        private
            Whether a new repository is private (default: as the account says).
        message
            Of the commit.

        Returns
        -------
        str
            Address of the commit.

        Raises
        ------
        ImportError
            huggingface_hub is not installed (extra: `hub`).
        OSError
            Nobody is logged in (`hf auth login`, or HF_TOKEN), or the Hub refuses. Without a
            connection, the error is that of huggingface_hub's HTTP library.
        ValueError
            The name is not one of a repository.
        """
        return hub.push(self, repo_id, license, private, message)

    @classmethod
    def from_hub(cls, repo_id: str, *, revision: str | None = None) -> Self:
        """Vectors that `push_to_hub` uploaded to the Hugging Face Hub.

        Parameters
        ----------
        repo_id
            "user/name".
        revision
            A branch, tag or commit (default: the newest).

        Returns
        -------
        KeyedVectors
            Mapped from the files in the cache of huggingface_hub.

        Raises
        ------
        ImportError
            huggingface_hub is not installed (extra: `hub`).
        OSError
            There is no such repository or revision, or the Hub cannot be reached and the files are
            not in the cache.
        ValueError
            The repository holds something else, or the name is not one of a repository.
        """
        return cls._from_file(hub.pull(repo_id, revision))


def _load_with_counts(
    fname: str | os.PathLike[str], fvocab: str | os.PathLike[str], options: dict[str, Any]
) -> tuple[VectorData, dict[str, int]]:
    """Read vectors and counts of the same save, whatever other saves happen meanwhile."""
    decoding = options["encoding"], options["errors"]
    is_file = not (is_stream(os.fspath(fvocab)) or "://" in os.fspath(fvocab))
    while is_file and os.path.isfile(fname):
        with open_together(fname, fvocab) as (head, file):
            counts = read_counts(file, fvocab, *decoding)
            data = formats.load(fname, **options)
            if is_current(fname, os.fstat(head.fileno())):
                return data, counts
    with open_raw(fvocab) as file:
        return formats.load(fname, **options), read_counts(file, fvocab, *decoding)
