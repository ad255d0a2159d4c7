"""GeneOntology: the terms, who is whose parent, and what became of the ids that were retired."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from protimb.exceptions import UnknownTermError
from protimb.ontology import _propagate, _slim
from protimb.ontology._order import (
    check_described,
    check_parents,
    children_first,
    depths,
    inverted,
    reachable,
)
from protimb.utils._optional import import_optional


class ObsoleteTerm(NamedTuple):
    """What an ontology says about a retired term.

    Parameters
    ----------
    replaced_by : tuple of str
        Terms that take its place.
    consider : tuple of str
        Terms that a curator should look at; never followed automatically.
    """

    replaced_by: tuple[str, ...] = ()
    consider: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False, eq=False)
class GeneOntology:
    """An immutable directed acyclic graph of terms.

    A protein that has a term has all its ancestors too (the true-path rule); this object
    answers who these are. It can be pickled and compared, and copies of it are itself.

    Parameters
    ----------
    names : mapping of str to str
        Name of each term; its keys are the terms.
    namespaces : mapping of str to str
        Namespace of each term, such as ``"molecular_function"``.
    parents : mapping of str to sequence of str
        Direct parents of each term. Terms left out have none.
    alt_ids : mapping of str to str, optional
        Alternative id -> the term it was merged into.
    obsolete : mapping of str to ObsoleteTerm, optional
        Retired terms; they are not in ``terms``.
    version : str, optional
        Release of the ontology (``data-version``).

    Attributes
    ----------
    terms : tuple of str
        All terms in topological order: children precede their parents.
    roots : tuple of str
        Terms without a parent.
    children : mapping of str to tuple of str
        Direct children of each term.

    Raises
    ------
    OntologyError
        If a parent or child is not a term, or a term has no namespace.
    OntologyCycleError
        If terms are their own ancestors; the message shows the path.

    See Also
    --------
    read_obo : Read one from an OBO file.
    GOTermBinarizer : Turn sets of terms into an indicator matrix.

    Examples
    --------
    >>> from protimb.ontology import GeneOntology
    >>> ontology = GeneOntology(
    ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
    ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
    ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
    ... )
    >>> ontology.terms
    ('GO:3', 'GO:2', 'GO:1')
    >>> sorted(ontology.ancestors("GO:3"))
    ['GO:1', 'GO:2']
    >>> sorted(ontology.propagate({"P12345": {"GO:2"}})["P12345"])
    ['GO:1', 'GO:2']
    """

    names: Mapping[str, str]
    namespaces: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    alt_ids: Mapping[str, str] = field(default_factory=dict)
    obsolete: Mapping[str, ObsoleteTerm] = field(default_factory=dict)
    version: str = ""
    terms: tuple[str, ...] = field(init=False)

    def __post_init__(self):
        check_described(self.names, self.namespaces, self.parents)
        parents = {term: tuple(self.parents.get(term, ())) for term in self.names}
        object.__setattr__(self, "parents", parents)
        check_parents(parents)
        for name in _MAPPINGS:
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "terms", children_first(parents))

    def __len__(self):
        return len(self.names)

    def __contains__(self, term):
        return term in self.names

    def __repr__(self):
        return f"GeneOntology({len(self)} terms, version={self.version!r})"

    def __eq__(self, other):
        if not isinstance(other, GeneOntology):
            return NotImplemented
        return self is other or self._content() == other._content()

    def __hash__(self):
        return hash((self.version, len(self)))

    def __reduce__(self):
        return type(self), self._content()

    # Immutable, so a copy is the object itself; scikit-learn's clone() then costs nothing.
    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def _content(self):
        values = (getattr(self, one.name) for one in fields(self) if one.init)
        return tuple(dict(value) if isinstance(value, Mapping) else value for value in values)

    @cached_property
    def roots(self):
        return tuple(term for term in self.terms if not self.parents[term])

    @cached_property
    def children(self):
        return MappingProxyType(inverted(self.parents))

    @cached_property
    def _rank(self):
        return {term: rank for rank, term in enumerate(self.terms)}

    @cached_property
    def _parent_matrix(self):
        return _propagate.parent_matrix(self)

    @cached_property
    def _depths(self):
        return depths(self.parents, self.terms)

    def namespace(self, term):
        """Return the namespace of a term.

        Parameters
        ----------
        term : str
            A term, an alternative id, or a retired term that has one replacement.

        Returns
        -------
        namespace : str
        """
        return self.namespaces[self.resolve(term)]

    def resolve(self, term):
        """Return the term that an id stands for today.

        Parameters
        ----------
        term : str
            Any id: alternative ids lead to the term that they were merged into, and an
            obsolete term to its replacement, if the ontology names exactly one.

        Returns
        -------
        term : str
            One of ``terms``.

        Raises
        ------
        UnknownTermError
            If the id is unknown, or obsolete without a single replacement.
        """
        found = self._find(term)
        if found is None:
            raise UnknownTermError(f"Term {str(term)!r} {self._why_unknown(term)}")
        return found

    def _find(self, term):
        # A replacement may itself have been merged or retired since; `seen` ends a loop of them.
        seen = set()
        while term not in self.names and term not in seen:
            seen.add(term)
            if term in self.alt_ids:
                term = self.alt_ids[term]
            elif len(self.obsolete.get(term, _UNKNOWN).replaced_by) == 1:
                term = self.obsolete[term].replaced_by[0]
        return term if term in self.names else None

    def _why_unknown(self, term):
        if term not in self.obsolete:
            return (
                f"is not in this ontology (version {self.version or 'unknown'}). Check its "
                "spelling, or pass unknown='ignore' to GOTermBinarizer to drop it."
            )
        advice = self.obsolete[term].replaced_by or self.obsolete[term].consider
        hint = f"consider {', '.join(advice)}" if advice else "nothing takes its place"
        return f"is obsolete (version {self.version or 'unknown'}): {hint}."

    def ancestors(self, term):
        """Return every term above a term, the term itself left out.

        Parameters
        ----------
        term : str
            Any id that ``resolve`` accepts.

        Returns
        -------
        ancestors : frozenset of str
        """
        return reachable([self.resolve(term)], self.parents)

    def descendants(self, term):
        """Return every term below a term, the term itself left out.

        Parameters
        ----------
        term : str
            Any id that ``resolve`` accepts.

        Returns
        -------
        descendants : frozenset of str
        """
        return reachable([self.resolve(term)], self.children)

    def depth(self, term, *, longest=False):
        """Return how many steps a term lies below a root.

        Parameters
        ----------
        term : str
            Any id that ``resolve`` accepts.
        longest : bool
            Count the longest way up instead of the shortest. The Gene Ontology's own pages call
            the shortest a term's level, and the longest its depth.

        Returns
        -------
        depth : int
            0 for a root.

        Examples
        --------
        >>> from protimb.ontology import GeneOntology
        >>> ontology = GeneOntology(
        ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
        ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
        ...     parents={"GO:3": ["GO:2", "GO:1"], "GO:2": ["GO:1"]},
        ... )
        >>> ontology.depth("GO:3"), ontology.depth("GO:3", longest=True)
        (1, 2)
        """
        return self._depths[self.resolve(term)][bool(longest)]

    def slim(self, terms):
        """Return the ontology of some terms alone, as those of a GO slim.

        Parameters
        ----------
        terms : sequence of str
            Any ids that ``resolve`` accepts.

        Returns
        -------
        slim : GeneOntology
            Its parents are the nearest ancestors among ``terms``; alternative ids of terms that
            it has are kept, retired terms are not.

        Raises
        ------
        UnknownTermError
            If an id is unknown.

        Examples
        --------
        >>> from protimb.ontology import GeneOntology
        >>> ontology = GeneOntology(
        ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
        ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
        ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
        ... )
        >>> ontology.slim(["GO:1", "GO:3"]).parents["GO:3"]
        ('GO:1',)
        """
        parents = _slim.slim_parents(self, terms)
        return GeneOntology(
            names={term: self.names[term] for term in parents},
            namespaces={term: self.namespaces[term] for term in parents},
            parents=parents,
            alt_ids={old: new for old, new in self.alt_ids.items() if new in parents},
            version=self.version,
        )

    def map_to_slim(self, annotations, terms, *, unknown="warn"):
        """Replace each protein's terms by the nearest ones of a slim.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.
        terms : sequence of str
            The slim: any ids that ``resolve`` accepts.
        unknown : {"warn", "ignore", "raise"}
            What to do about annotated ids that no term answers to.

        Returns
        -------
        mapped : dict of str to frozenset, or list of frozenset
            As given. For each of a protein's most specific terms, the slim terms that it is or
            lies below, without those that are ancestors of others; a term below none is left out.

        Raises
        ------
        UnknownTermError
            If one of ``terms`` is unknown; with ``unknown="raise"``, also if an annotated id is.

        Examples
        --------
        >>> from protimb.ontology import GeneOntology
        >>> ontology = GeneOntology(
        ...     names={"GO:1": "function", "GO:2": "binding", "GO:3": "ion binding"},
        ...     namespaces=dict.fromkeys(["GO:1", "GO:2", "GO:3"], "molecular_function"),
        ...     parents={"GO:3": ["GO:2"], "GO:2": ["GO:1"]},
        ... )
        >>> ontology.map_to_slim({"P12345": {"GO:3"}}, ["GO:1", "GO:2"])
        {'P12345': frozenset({'GO:2'})}
        """
        return _slim.map_to_slim(self, annotations, terms, unknown)

    def to_networkx(self):
        """Return the graph for networkx's algorithms and drawings.

        Returns
        -------
        graph : networkx.DiGraph
            An edge leads from each term to each of its parents; nodes have the attributes
            ``name`` and ``namespace``, the graph has ``version``.

        Raises
        ------
        MissingExtraError
            If networkx is not installed; says how to get it.

        Examples
        --------
        >>> from protimb.ontology import GeneOntology
        >>> ontology = GeneOntology(
        ...     names={"GO:1": "function", "GO:2": "binding"},
        ...     namespaces=dict.fromkeys(["GO:1", "GO:2"], "molecular_function"),
        ...     parents={"GO:2": ["GO:1"]},
        ... )
        >>> list(ontology.to_networkx().edges)
        [('GO:2', 'GO:1')]
        """
        graph = import_optional("networkx").DiGraph(version=self.version)
        for term in self.terms:
            graph.add_node(term, name=self.names[term], namespace=self.namespaces[term])
        graph.add_edges_from((term, up) for term in self.terms for up in self.parents[term])
        return graph

    def propagate(self, annotations, *, unknown="warn"):
        """Add to each protein's terms all their ancestors.

        Parameters
        ----------
        annotations : mapping of str to iterable of str, or sequence of iterable of str
            Terms of each protein.
        unknown : {"warn", "ignore", "raise"}
            What to do about ids that no term answers to; they are dropped unless it raises.

        Returns
        -------
        propagated : dict of str to frozenset, or list of frozenset
            As given, closed under the ontology, up to the roots.

        Raises
        ------
        UnknownTermError
            With ``unknown="raise"``, if an id is unknown.
        """
        return _propagate.propagate_sets(self, annotations, unknown)

    def propagate_scores(self, scores, terms):
        """Raise each term's score to the highest among its descendants.

        Parameters
        ----------
        scores : array of shape (n_rows, n_terms)
            Any real scores; they are not changed.
        terms : sequence of str
            The columns. A term passes its score on to all its ancestors here, also where the
            terms in between have no column.

        Returns
        -------
        scores : ndarray of shape (n_rows, n_terms)
            Same floating dtype; no parent scores below its child.
        """
        return _propagate.propagate_scores(self, scores, terms)

    def closure(self, terms=None):
        """Return who is above whom, as a sparse matrix.

        Parameters
        ----------
        terms : sequence of str, optional
            Rows and columns; all of ``self.terms`` by default.

        Returns
        -------
        closure : CSR matrix of bool, shape (n_terms, n_terms)
            ``closure[i, j]`` is True where ``terms[j]`` is ``terms[i]`` or its ancestor.
        """
        return _propagate.closure(self, self.terms if terms is None else terms)


_UNKNOWN = ObsoleteTerm()
_MAPPINGS = ("names", "namespaces", "parents", "alt_ids", "obsolete")
