"""What a run was asked to do: read, checked, and written before anything is trained."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from protimb.datasets._aspects import ONTOLOGIES
from protimb.exceptions import ArtifactError
from protimb.filters import FilterChain
from protimb.ontology import read_term_vectors
from protimb.utils._declared import (
    Anything,
    Integer,
    Maybe,
    Real,
    Record,
    Table,
    Text,
    check_declared,
)
from protimb.utils._folder import read_regular
from protimb.utils._json_text import read_json
from protimb.utils._new_folder import whole_file
from protimb.utils._provenance import environment
from protimb.utils._rebuilding import DAMAGE, say_damage

CONFIG = "config.json"


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a run does."""

    data: str = "human_go"  # or a CAFA folder
    ontology: str = "mf"  # or "bp", "cc"
    min_proteins: int = 10
    hold_out: float = 0.1  # share of the sequence clusters that the sampler does not see
    seed: int = 0
    # Parameters of CGANSampler, in words and numbers; several names of filters make a chain.
    sampler: dict[str, Any] = field(default_factory=dict)
    term_vectors: str | None = None  # a file; None: made from the ontology where needed

    def build_sampler(self, **more):
        """Make the sampler, its networks' objects too; no outcome may depend on ``more``."""
        from protimb.over_sampling import CGANSampler

        given = {name: _from_json(name, value) for name, value in self.sampler.items()}
        sampler = CGANSampler(random_state=self.seed).set_params(**more, **given)
        self._check_term_vectors(sampler.check_parameters())
        # An object tells config.json every parameter of the network that was asked for.
        parts = sampler.named_parts().items()
        return sampler.set_params(**{name: part for name, part in parts if name in given})

    def read_term_vectors(self):
        """Read {term: vector} from the file, None where there is none."""
        return None if self.term_vectors is None else read_term_vectors(self.term_vectors)

    def _check_term_vectors(self, sampler):
        if self.term_vectors is not None and not sampler.needs_term_vectors:
            raise ValueError(
                f"term_vectors={self.term_vectors!r} would not be read: the condition is "
                f"{self.sampler.get('condition', 'multihot')!r}. Ask for 'term_vectors' or 'both'."
            )


# What config.json says, and what each setting may be.
_MAX_CONFIG = 2**24  # bytes
_RECORD = {"settings": Table(Anything()), "data": Table(Anything())}
_SETTINGS = {
    "data": Text(),
    "ontology": Text(tuple(ONTOLOGIES)),
    "min_proteins": Integer(),
    "hold_out": Real(0, 1),
    "seed": Integer(0, 2**32 - 1),
    "sampler": Table(Anything()),
    "term_vectors": Maybe(Text()),
}


def write_config(folder, settings, data_fingerprint):
    """Write ``config.json``: settings, every parameter, versions and the data's fingerprint."""
    parameters = settings.build_sampler().get_params()
    record = {
        "settings": asdict(settings),
        "parameters": {name: _plain(value) for name, value in parameters.items()},
        "environment": environment(),
        "data": data_fingerprint,
    }
    with whole_file(Path(folder) / CONFIG) as draft:  # which a resumed run must not lose
        draft.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_config(folder, *, to_train=False):
    """Read what `write_config` wrote: the settings, and the data's fingerprint.

    Parameters of the sampler, whose networks load torch, are looked at ``to_train`` alone.
    """
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise ArtifactError(f"{folder} holds no run: {CONFIG} is missing. Check the path.")
    record = read_json(read_regular(path, max_size=_MAX_CONFIG), path, ArtifactError)
    try:
        check_declared(record, Record(_RECORD, more=True))
        given = record["settings"]
        check_declared(given, {name: _SETTINGS[name] for name in given}, place="settings")
        settings = Settings(**given)
        if to_train:
            settings.build_sampler()
        return _located(settings, folder), record["data"]
    except DAMAGE as error:
        raise ArtifactError(
            f"{path} is damaged ({say_damage(error)}). Restore it, or train again."
        ) from error


def absolute(name):
    """Write a path so that it is found from any folder; None and a name of data stay."""
    return name if name is None or name == "human_go" else str(Path(name).absolute())


def _located(settings, folder):
    """Find what a config names by a path relative to its run's folder."""
    paths = {name: getattr(settings, name) for name in ("data", "term_vectors")}
    inside = {n: p for n, p in paths.items() if p is not None and p != "human_go"}
    return replace(settings, **{n: absolute(Path(folder, p)) for n, p in inside.items()})


def _from_json(name, value):
    if name == "quality_filter" and isinstance(value, list | tuple):
        return FilterChain(list(value))
    return tuple(value) if isinstance(value, list) else value  # JSON has no tuples


def _plain(value):
    return value if isinstance(value, str | int | float | None) else repr(value)
