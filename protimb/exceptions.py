"""Every error and warning that protimb names, so that callers can catch one and not all.

An error says what was wrong, where (file and line, protein id, column, step) and what
to do next. Each one also derives from the built-in that a caller who does not know
protimb would catch.
"""

__all__ = [
    "AlignmentError",
    "AmbiguousTargetWarning",
    "AnnotationError",
    "AnnotationWarning",
    "ArffError",
    "ArtifactError",
    "ArtifactWriteError",
    "ClusteringError",
    "DeviceMemoryError",
    "DeviceMemoryWarning",
    "DeviceUnavailableError",
    "DuplicateRowsWarning",
    "EmbeddingFileError",
    "EmbeddingWarning",
    "EncoderError",
    "FastaError",
    "FastaWarning",
    "FidelityWarning",
    "InvalidLabelsError",
    "LeakError",
    "LeakWarning",
    "MemoryEstimateError",
    "MissingExtraError",
    "ModeCollapseWarning",
    "OntologyCycleError",
    "OntologyError",
    "OntologyWarning",
    "PenaltyWarning",
    "PredictionError",
    "PredictionWarning",
    "ProcessError",
    "ProtimbError",
    "ProtimbWarning",
    "RareTermWarning",
    "SequenceError",
    "ShortfallWarning",
    "SkippedTermWarning",
    "SlowSearchWarning",
    "SourceError",
    "TeachingWarning",
    "TermVectorError",
    "TermVectorWarning",
    "TermlessFoldWarning",
    "TrainingDiverged",
    "UndefinedSimilarityWarning",
    "UndertrainedWarning",
    "UnknownTermError",
    "UntrainedTermError",
    "WhiteningWarning",
]


class ProtimbError(Exception):
    """Base of every error that protimb names."""


class InvalidLabelsError(ProtimbError, ValueError):
    """A target is not a matrix of binary indicators, or cannot be resampled."""


class LeakError(ProtimbError, ValueError):
    """An arm of a comparison knows of test proteins what it was not told."""


class MemoryEstimateError(ProtimbError, MemoryError):
    """A request would not fit in memory; the message carries the estimate."""


class MissingExtraError(ProtimbError, ImportError):
    """An optional dependency is missing; the message names the extra that brings it."""


class DeviceUnavailableError(ProtimbError, RuntimeError):
    """A device was asked for by name and this machine does not have it."""


class DeviceMemoryError(ProtimbError, MemoryError):
    """A device has no room for a single row, or for what cannot be done in parts."""


class TrainingDiverged(ProtimbError, RuntimeError):
    """A loss, or what a trained network gives, is not finite.

    Attributes
    ----------
    step : int
        The first step, counted from 1, whose loss was NaN or infinite; the last step if the
        losses were finite and the network is not.
    last_finite : dict or None
        ``n_steps`` and ``state``: the latest end of an epoch whose weights gave a finite loss, and
        the step's state there. None where the step has no ``state_dict``, and in another process
        than the one that trained.
    """

    def __init__(self, message, step, last_finite=None):
        super().__init__(message)
        self.step = step
        self.last_finite = last_finite

    def __reduce__(self):
        return type(self), (self.args[0], self.step)


class ArtifactError(ProtimbError, ValueError):
    """A saved folder cannot be trusted, or does not fit what it is loaded into."""


class ArtifactWriteError(ProtimbError, OSError):
    """A folder could not be written; a save that was there before is intact."""


class OntologyError(ProtimbError, ValueError):
    """An ontology file or graph breaks a rule that propagation relies on."""


class OntologyCycleError(OntologyError):
    """Terms form a cycle; the message shows it as a path."""


class UnknownTermError(ProtimbError, ValueError):
    """A term is not known to the ontology or to the labels at hand."""


class UntrainedTermError(ProtimbError, ValueError):
    """A generator is asked for a term that it has seen no protein of and knows no vector of."""


class AnnotationError(ProtimbError, ValueError):
    """A table of annotations is malformed."""


class PredictionError(ProtimbError, ValueError):
    """A file of predictions is malformed, or fits nothing that it is held against."""


class ArffError(ProtimbError, ValueError):
    """An ARFF file, or the XML file beside it, is malformed or does not say what labels are."""


class FastaError(ProtimbError, ValueError):
    """A FASTA file is malformed."""


class EmbeddingFileError(ProtimbError, ValueError):
    """A file of protein vectors cannot be trusted or does not fit its ids."""


class SequenceError(ProtimbError, ValueError):
    """A protein sequence cannot be encoded: no residues, or characters that are none."""


class EncoderError(ProtimbError, ValueError):
    """An encoder's weights cannot be loaded, or give vectors that are not finite."""


class ClusteringError(ProtimbError, RuntimeError):
    """Sequences could not be clustered: the program for it is missing, or failed."""


class AlignmentError(ProtimbError, RuntimeError):
    """Sequences could not be aligned: the program for it is missing, or failed."""


class ProcessError(ProtimbError, RuntimeError):
    """Processes that train together differ, cannot meet, or lost one of them."""


class SourceError(ProtimbError, RuntimeError):
    """What a recipe is made of cannot be fetched, unpacked or read, or is not what it should be."""


class TermVectorError(ProtimbError, ValueError):
    """Vectors of terms are malformed, or do not fit the terms at hand."""


class ProtimbWarning(UserWarning):
    """Base of every warning that protimb names."""


class AmbiguousTargetWarning(ProtimbWarning):
    """Every row has exactly one label, so columns may be terms or classes, and it matters."""


class RareTermWarning(ProtimbWarning):
    """Terms have so few members that what is generated for them varies little."""


class DeviceMemoryWarning(ProtimbWarning, RuntimeWarning):
    """A device had no room for so many rows at once; what was asked for is done with fewer."""


class SkippedTermWarning(ProtimbWarning):
    """Terms cannot be resampled (no member, or every row a member) and are left alone."""


class SlowSearchWarning(ProtimbWarning):
    """An exact search compares so many pairs of rows that its time, their number, tells."""


class TermlessFoldWarning(ProtimbWarning):
    """Some folds of a cross-validation have no member of a term."""


class DuplicateRowsWarning(ProtimbWarning):
    """Most members of a term are copies of one another."""


class PenaltyWarning(ProtimbWarning):
    """A gradient penalty has grown past what healthy training shows."""


class ShortfallWarning(ProtimbWarning):
    """Fewer rows were generated or removed than planned, because the rest was refused."""


class ModeCollapseWarning(ProtimbWarning):
    """A generator gives nearly the same vector again and again."""


class FidelityWarning(ProtimbWarning):
    """Generated rows are easily told from real ones."""


class UndertrainedWarning(ProtimbWarning):
    """Training ended while what it is judged by was still getting better."""


class UndefinedSimilarityWarning(ProtimbWarning):
    """Rows of zero length have no direction, hence no cosine similarity."""


class LeakWarning(ProtimbWarning):
    """Proteins to learn from and to judge by are not independent: some were made from others."""


class TeachingWarning(ProtimbWarning):
    """A classifier cannot be told which labels of new rows to learn from, and learns from all."""


class OntologyWarning(ProtimbWarning):
    """Annotations and ontology disagree: obsolete, unknown or misplaced terms."""


class AnnotationWarning(ProtimbWarning):
    """A table of annotations was repaired while reading (duplicates, NOT qualifiers)."""


class PredictionWarning(ProtimbWarning):
    """A file of predictions was repaired while reading (duplicates, lines of free text)."""


class FastaWarning(ProtimbWarning):
    """A FASTA file was repaired while reading (duplicates, unusual residues)."""


class EmbeddingWarning(ProtimbWarning):
    """Some proteins have no vector, or some vectors no protein."""


class TermVectorWarning(ProtimbWarning):
    """Some terms have no vector, and something else stands in for it."""


class WhiteningWarning(ProtimbWarning):
    """No term tells what its members differ in, so all rows together stand in."""
