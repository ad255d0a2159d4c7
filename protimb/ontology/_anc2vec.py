"""Anc2VecVectorizer: vectors of terms that a small network learns from the ontology alone."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from protimb.exceptions import OntologyError
from protimb.ontology._base import BaseTermVectorizer
from protimb.utils._sklearn_compat import Interval, check_params


class Anc2VecVectorizer(BaseTermVectorizer):
    """Learn one vector for each term, from which its ancestors can be told.

    A network has one row of numbers for each term and tells three things from it: the term's
    ancestors, its namespace, and which term it is. What it learns to tell them by are the
    vectors, as in anc2vec [1]_. No protein and no name is looked at.

    Parameters
    ----------
    n_components : int, default=200
        Numbers in a vector.
    max_epochs : int, default=25
        Passes over all terms. The vectors are those of the epoch with the smallest loss.
    batch_size : int, default=1024
        Terms in a step.
    n_negatives : int or None, default=1024
        Terms that a step draws to estimate the sums over all terms below the two large softmax
        heads; None computes them exactly, as does an ontology that has no more terms.
    lr : float, default=0.03
        Step size of Adam.
    random_state : int, RandomState instance or None, default=None
        Source of the first weights, the order of the terms and the draws. Pass an int for the
        same vectors each time.

    Attributes
    ----------
    ontology_ : GeneOntology
        The ontology that ``fit`` saw.
    losses_ : ndarray of shape (max_epochs, 3)
        Mean losses of each epoch, in nats: ``-log p`` of ancestors, namespace, and the term itself.
        Estimates where ``n_negatives`` are drawn.

    See Also
    --------
    TermVectorizer : Vectors in closed form, from ancestors and names; faster, and without a seed.
    read_term_vectors : Reads the vectors that the authors of anc2vec published.

    Notes
    -----
    Architecture, initial weights and losses are those of anc2vec. With ``n_negatives=None,
    batch_size=64, max_epochs=100, lr=0.001`` the training is its own as well: each step then
    scores all terms, which takes 45 minutes to hours for the whole Gene Ontology on two cores.
    By default a step scores the targets and a sample of the rest, weighted so that the sum is
    right on average, and moves the rows that it has seen: this is why its step size is larger, and
    goes down to zero. For 43,558 terms an epoch takes about five seconds on one core; after 20
    epochs the loss over all terms was 3.11, where 2.89 is the least that ancestors can cost.
    The roots are targets but have nothing to learn their own rows from, which stay as drawn.

    Ancestors are what the ontology says they are. anc2vec follows more relations than
    ``read_obo`` does unless asked, and across namespaces, which `read_obo` never does.

    The authors find sums of vectors better than means for describing a protein by its terms.

    References
    ----------
    .. [1] A. A. Edera, D. H. Milone, G. Stegmayer, "Anc2vec: embedding gene ontology terms by
       preserving ancestors relationships", Briefings in Bioinformatics 23 (2022) bbac003.
       doi:10.1093/bib/bbac003

    Examples
    --------
    >>> from protimb.ontology import Anc2VecVectorizer, GeneOntology
    >>> names = dict.fromkeys(["GO:1", "GO:2", "GO:3", "GO:4", "GO:5", "GO:6"], "")
    >>> ontology = GeneOntology(
    ...     names=names,
    ...     namespaces=dict.fromkeys(names, "molecular_function"),
    ...     parents={
    ...         "GO:2": ["GO:1"], "GO:3": ["GO:2"], "GO:4": ["GO:2"],
    ...         "GO:5": ["GO:1"], "GO:6": ["GO:5"],
    ...     },
    ... )
    >>> vectorizer = Anc2VecVectorizer(16, max_epochs=50, random_state=0).fit(ontology)
    >>> three, four, six = vectorizer.transform(["GO:3", "GO:4", "GO:6"])
    >>> bool(three @ four > three @ six)
    True
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_negatives": [Interval(Integral, 1, None, closed="left"), None],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_components=200,
        *,
        max_epochs=25,
        batch_size=1024,
        n_negatives=1024,
        lr=0.03,
        random_state=None,
    ):
        self.n_components = n_components
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.n_negatives = n_negatives
        self.lr = lr
        self.random_state = random_state

    def fit(self, ontology, y=None):
        """Learn the vectors of an ontology's terms.

        Parameters
        ----------
        ontology : GeneOntology
            At least one of its terms has a parent.
        y : None
            Ignored.

        Returns
        -------
        self : Anc2VecVectorizer

        Raises
        ------
        OntologyError
            If no term has a parent.
        TrainingDiverged
            If the loss stops being a number.
        """
        from protimb.ontology import _anc2vec_training as training

        check_params(self)
        task = training.Task(*describe_task(ontology))
        self._vectors, self.losses_ = training.train(
            task,
            self.n_components,
            n_negatives=self._n_drawn(len(ontology)),
            batch_size=self.batch_size,
            lr=self.lr,
            max_epochs=self.max_epochs,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
        )
        self.ontology_ = ontology
        return self

    def _n_drawn(self, n_terms):
        is_exact = self.n_negatives is None or self.n_negatives >= n_terms
        return None if is_exact else self.n_negatives


def describe_task(ontology):
    """Give inputs, row starts and columns of all ancestors, and namespaces, in numbers of terms."""
    inputs = np.array([k for k, term in enumerate(ontology.terms) if ontology.parents[term]])
    if not len(inputs):
        raise OntologyError(
            f"None of the {len(ontology)} terms has a parent, so that there is nothing to learn. "
            "Was the ontology read with relations=()?"
        )
    closure = ontology.closure()
    closure.sort_indices()
    spaces = [ontology.namespaces[term] for term in ontology.terms]
    numbers = np.unique(spaces, return_inverse=True)[1]
    return inputs, *(part.astype(np.int64) for part in (closure.indptr, closure.indices, numbers))
