"""Every error and warning that protimb names, so that callers can catch one and not all.

An error says what was wrong, where (file and line, protein id, column, step) and what
to do next. Each one also derives from the built-in that a caller who does not know
protimb would catch.
"""

__all__ = [
    "AnnotationError",
    "AnnotationWarning",
    "DeviceUnavailableError",
    "DuplicateRowsWarning",
    "EmbeddingFileError",
    "EmbeddingWarning",
    "FastaError",
    "FastaWarning",
    "InvalidLabelsError",
    "MemoryEstimateError",
    "MissingExtraError",
    "OntologyCycleError",
    "OntologyError",
    "OntologyWarning",
    "ProtimbError",
    "ProtimbWarning",
    "RareTermWarning",
    "ShortfallWarning",
    "SkippedTermWarning",
    "TrainingDiverged",
    "UndefinedSimilarityWarning",
    "UnknownTermError",
]


class ProtimbError(Exception):
    """Base of every error that protimb names."""


class InvalidLabelsError(ProtimbError, ValueError):
    """A target is not a matrix of binary indicators, or cannot be resampled."""


class MemoryEstimateError(ProtimbError, MemoryError):
    """A request would not fit in memory; the message carries the estimate."""


class MissingExtraError(ProtimbError, ImportError):
    """An optional dependency is missing; the message names the extra that brings it."""


class DeviceUnavailableError(ProtimbError, RuntimeError):
    """A device was asked for by name and this machine does not have it."""


class TrainingDiverged(ProtimbError, RuntimeError):
    """A loss, or what a trained network gives, is not finite.

    Attributes
    ----------
    step : int
        The first step, counted from 1, whose loss was NaN or infinite; the last step if the
        losses were finite and the network is not.
    """

    def __init__(self, message, step):
        super().__init__(message)
        self.step = step

    def __reduce__(self):
        return type(self), (self.args[0], self.step)


class OntologyError(ProtimbError, ValueError):
    """An ontology file or graph breaks a rule that propagation relies on."""


class OntologyCycleError(OntologyError):
    """Terms form a cycle; the message shows it as a path."""


class UnknownTermError(ProtimbError, ValueError):
    """A term is not known to the ontology or to the labels at hand."""


class AnnotationError(ProtimbError, ValueError):
    """A table of annotations is malformed."""


class FastaError(ProtimbError, ValueError):
    """A FASTA file is malformed."""


class EmbeddingFileError(ProtimbError, ValueError):
    """A file of protein vectors cannot be trusted or does not fit its ids."""


class ProtimbWarning(UserWarning):
    """Base of every warning that protimb names."""


class RareTermWarning(ProtimbWarning):
    """Terms have so few members that what is generated for them varies little."""


class SkippedTermWarning(ProtimbWarning):
    """Terms cannot be resampled (no member, or every row a member) and are left alone."""


class DuplicateRowsWarning(ProtimbWarning):
    """Most members of a term are copies of one another."""


class ShortfallWarning(ProtimbWarning):
    """Fewer rows were generated than planned, because quality control rejected the rest."""


class UndefinedSimilarityWarning(ProtimbWarning):
    """Rows of zero length have no direction, hence no cosine similarity."""


class OntologyWarning(ProtimbWarning):
    """Annotations and ontology disagree: obsolete, unknown or misplaced terms."""


class AnnotationWarning(ProtimbWarning):
    """A table of annotations was repaired while reading (duplicates, NOT qualifiers)."""


class FastaWarning(ProtimbWarning):
    """A FASTA file was repaired while reading (duplicates, unusual residues)."""


class EmbeddingWarning(ProtimbWarning):
    """Some proteins have no vector, or some vectors no protein."""
