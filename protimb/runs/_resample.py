"""Write an enlarged CAFA folder from a run."""

from pathlib import Path

from protimb.datasets._human import HUMAN_GO
from protimb.datasets._load import load_proteins
from protimb.exceptions import EmbeddingFileError
from protimb.runs._config import read_config
from protimb.runs._enlarge import enlarge_folder
from protimb.runs._generated import Generated, generate
from protimb.runs._train import GENERATED, SAMPLER, load_same_data, name_of_data, split
from protimb.utils._new_folder import check_new


def resample(run, out, *, data=None, sampling_strategy=None, random_state=None, verbose=0):
    """Write a data set anew, with the generated proteins of a run beside the real ones.

    Without more, these are the proteins of ``generated.npz``. For other data, another strategy or
    another seed the run's sampler generates anew; it is not trained again.

    Parameters
    ----------
    run : path-like
        Folder of a run of `train_sampler`.
    out : path-like
        The folder to write: new, or empty. ``read_cafa`` reads it.
    data : str or path-like, optional
        ``"human_go"`` or a CAFA folder with vectors of the same embedding, in place of the data
        of the run. Terms are those of the run.
    sampling_strategy : str, int or dict, optional
        In place of the run's, as of CGANSampler.
    random_state : int, optional
        In place of the run's.
    verbose : int, default=0
        Passed to the sampler.

    Returns
    -------
    generated : Generated
        What was added.

    Raises
    ------
    ArtifactError
        If ``run`` holds no run, a damaged one, or its data have changed.
    FileNotFoundError
        If the run was interrupted before it had generated anything.
    EmbeddingFileError
        If vectors of ``data`` have another width.
    FileExistsError
        If ``out`` holds something already.

    See Also
    --------
    train_sampler : Makes the run.
    protimb.datasets.read_cafa : Reads the folder.

    Notes
    -----
    Generated proteins have ids such as ``synthetic_mf_000001``, no sequence, and the sequence
    cluster of the protein whose labels they carry. ``provenance.tsv`` lists what each was made
    from.

    Examples
    --------
    >>> from protimb.runs import resample
    >>> resample("missing_run", "enlarged")
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_run holds no run: config.json is missing...
    """
    settings, fingerprint = read_config(run)
    check_new(out)
    generated = Generated.load(Path(run) / GENERATED)
    if (data, sampling_strategy, random_state) != (None, None, None):
        changes = {"sampling_strategy": sampling_strategy, "verbose": verbose}
        sampler = _load_sampler(run, {k: v for k, v in changes.items() if v is not None})
        bunch, taken = _proteins(run, settings, fingerprint, data, sampler)
        seed = settings.seed if random_state is None else random_state
        generated = generate(sampler, bunch, taken, settings.ontology, seed)
    else:
        load_same_data(settings, fingerprint, run)
    enlarge_folder(_folder(data or settings.data), out, generated, settings.ontology)
    return generated


def _load_sampler(run, changes):
    from protimb.over_sampling import CGANSampler

    sampler = CGANSampler.load(Path(run) / SAMPLER)
    return sampler.set_params(**changes).check_parameters()


def _proteins(run, settings, fingerprint, data, sampler):
    """Return the proteins to plan from, with the run's terms, and all ids in use."""
    if data is None:
        bunch = load_same_data(settings, fingerprint, run)
        return split(bunch, settings)[0], bunch.protein_ids
    bunch = load_proteins(name_of_data(data), settings.ontology, 1, "auto")
    if bunch.X.shape[1] != sampler.n_features_in_:
        raise EmbeddingFileError(
            f"{data} has vectors of width {bunch.X.shape[1]}, and {run} was trained on width "
            f"{sampler.n_features_in_}. Pass data of the same embedding."
        )
    return bunch.with_terms(sampler.terms_), bunch.protein_ids


def _folder(data):
    return HUMAN_GO if data == "human_go" else data
