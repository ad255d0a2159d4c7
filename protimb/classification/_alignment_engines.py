"""What finds the training sequences that others align with: two programs, or shared words."""

import tempfile
from pathlib import Path

import numpy as np
from scipy import sparse

from protimb.exceptions import AlignmentError
from protimb.utils._programs import is_installed, run_program
from protimb.utils._residue_words import chance_of_a_word, words_once

_MAX_EVALUE = "0.001"
_SHORTEST = 14  # residues; without a longer sequence MMseqs2 fails
_ADVICE = " Fit with engine='kmer' to go on without it."
_INSTALL = {
    "diamond": "DIAMOND (Debian calls it diamond-aligner, bioconda diamond)",
    "mmseqs": "MMseqs2 (Debian calls it mmseqs2, conda-forge mmseqs2)",
}
_MAX_PROTEINS = 100  # that have a word: of more, it is a motif and not a family's
_N_CHANCE = 2  # times what two sequences share by chance, which is taken off
_LEAST_BITS = 15.0  # shared words of fewer bits above chance are no hit
_BLOCK = 500  # sequences compared with all others at once


def choose_engine(engine):
    """Return the engine that a word stands for; a program must be there if it is asked for."""
    if engine == "auto":
        return next((one for one in _INSTALL if is_installed(one)), "kmer")
    _check_installed(engine)
    return engine


def _check_installed(engine):
    if engine in _INSTALL and not is_installed(engine):
        raise AlignmentError(
            f"There is no program {engine} on the path. Install {_INSTALL[engine]}.{_ADVICE}"
        )


class ProgramSearch:
    """Hits by a program that is called, which sees numbers in place of ids."""

    program: str

    def __init__(self, sequences):
        self.sequences = sequences

    def __call__(self, queries, n_hits):
        """Return the bits of the best hits as CSR (n_queries, n_sequences)."""
        _check_installed(self.program)
        shape = len(queries), len(self.sequences)
        with tempfile.TemporaryDirectory(prefix="protimb-align-") as folder:
            training, asked = Path(folder, "training.fasta"), Path(folder, "queries.fasta")
            n_long = [_write_fasta(training, self.sequences), _write_fasta(asked, queries)]
            if not all(n_long):
                return sparse.csr_array(shape)
            table = Path(folder, "hits.tsv")
            for words in self._calls(training, asked, table, Path(folder), n_hits):
                run_program([self.program, *map(str, words)], AlignmentError, _ADVICE)
            rows, columns, bits = _read_hits(table, shape, self.program)
        return best_of(rows, columns, bits, shape, n_hits)

    def _calls(self, training, queries, table, folder, n_hits):
        """Give the words of each call."""
        raise NotImplementedError


class DiamondSearch(ProgramSearch):
    """Hits by DIAMOND's blastp."""

    program = "diamond"

    def _calls(self, training, queries, table, folder, n_hits):
        database = folder / "training"
        yield "makedb", "--in", training, "--db", database, "--quiet"
        yield (
            *("blastp", "--more-sensitive", "--db", database, "--query", queries, "--out", table),
            *("--outfmt", "6", "qseqid", "sseqid", "bitscore", "--max-target-seqs", n_hits),
            *("--evalue", _MAX_EVALUE, "--tmpdir", folder, "--quiet"),
        )


class MmseqsSearch(ProgramSearch):
    """Hits by MMseqs2's easy-search."""

    program = "mmseqs"

    def _calls(self, training, queries, table, folder, n_hits):
        yield (
            *("easy-search", queries, training, table, folder / "scratch"),
            *("--format-output", "query,target,bits", "-e", _MAX_EVALUE, "-v", "1"),
            # of candidates, before they are aligned: some turn out to be no hits
            *("--max-seqs", max(300, 4 * n_hits)),
        )


class WordSearch:
    """Hits by words that sequences share: linear in them, as words of many proteins are left out.

    A word weighs the bits that it tells, the logarithm of how many times fewer proteins have it
    than there are.
    """

    def __init__(self, sequences):
        n_proteins = len(sequences)
        rows, words, self.n_words = words_once(sequences)
        self.words, columns, n_with = np.unique(words, return_inverse=True, return_counts=True)
        # One more, as in a set of twins all words are shared by all.
        bits = np.log2(1 + n_proteins / n_with) * (n_with <= _MAX_PROTEINS)
        shape = n_proteins, len(self.words)
        has = sparse.csr_array((bits[columns], (rows, columns)), shape=shape)
        has.eliminate_zeros()
        self.has = has.T.tocsr()  # (n_words, n_sequences)
        self.lengths = np.array([len(one) for one in sequences])
        # Bits that two places of two strangers share on average, with a word of one protein.
        by_place = chance_of_a_word(sequences, self.n_words) * np.log2(1 + n_proteins)
        self.chance = _N_CHANCE * by_place

    def __call__(self, queries, n_hits):
        """Return the bits of the best hits as CSR (n_queries, n_sequences)."""
        blocks = [
            self._search_block(queries[start : start + _BLOCK], n_hits)
            for start in range(0, len(queries), _BLOCK)
        ]
        return sparse.csr_array(sparse.vstack(blocks))

    def _search_block(self, queries, n_hits):
        shared = (self._marks(queries) @ self.has).tocoo()
        lengths = np.array([len(one) for one in queries])
        by_chance = self.chance * lengths[shared.row] * self.lengths[shared.col]
        bits = shared.data - by_chance
        is_hit = bits >= _LEAST_BITS
        hits = shared.row[is_hit], shared.col[is_hit], bits[is_hit]
        return best_of(*hits, shared.shape, n_hits)

    def _marks(self, queries):
        """Mark the known words of each query: CSR of ones (n_queries, n_words)."""
        rows, words, _ = words_once(queries, self.n_words)
        places = np.searchsorted(self.words, words)
        known = places < len(self.words)
        known[known] = self.words[places[known]] == words[known]
        at = rows[known], places[known]
        shape = len(queries), len(self.words)
        return sparse.csr_array((np.ones(len(at[0])), at), shape=shape)


# In the order in which "auto" prefers them.
ENGINES: dict[str, type] = {"diamond": DiamondSearch, "mmseqs": MmseqsSearch, "kmer": WordSearch}


def best_of(rows, columns, bits, shape, n_hits):
    """Keep the hits of the most bits of each row, once each, as CSR of this shape."""
    order = np.lexsort((columns, -bits, rows))
    rows, columns, bits = rows[order], columns[order], bits[order]
    # A pair may align in two places: the better comes first.
    _, first = np.unique(rows * shape[1] + columns, return_index=True)
    first.sort()
    rows, columns, bits = rows[first], columns[first], bits[first]
    starts = np.searchsorted(rows, np.arange(shape[0]))
    kept = np.arange(len(rows)) - starts[rows] < n_hits
    return sparse.csr_array((bits[kept], (rows[kept], columns[kept])), shape=shape)


def _write_fasta(path, sequences):
    """Write sequences that are long enough under their numbers; return how many there are."""
    long = [row for row in enumerate(sequences) if len(row[1]) >= _SHORTEST]
    path.write_text("".join(f">{number}\n{one}\n" for number, one in long), encoding="ascii")
    return len(long)


def _read_hits(path, shape, program):
    """Return rows, columns and bits of the hits, each (n_hits,)."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        cells = [line.split("\t") for line in lines]
        rows, columns = (np.array([int(one[n]) for one in cells], dtype=np.int64) for n in (0, 1))
        bits = np.array([float(one[2]) for one in cells])
    except (OSError, ValueError, IndexError) as error:
        raise AlignmentError(
            f"{program} ended without a table of hits that can be read ({error}). Is it another "
            f"program of that name?{_ADVICE}"
        ) from error
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    if not (inside & (bits > 0) & np.isfinite(bits)).all():
        raise AlignmentError(
            f"{program} names sequences that it was not given, or bits that are none."
        )
    return rows, columns, bits
