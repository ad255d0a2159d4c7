"""Write an enlarged CAFA folder from a run."""

from pathlib import Path

from protimb.datasets._human import HUMAN_GO
from protimb.runs._config import read_config
from protimb.runs._enlarge import check_vacant, enlarge_folder
from protimb.runs._generated import Generated
from protimb.runs._train import GENERATED


def resample(run, out):
    """Write the data of a run anew, with its generated proteins beside the real ones.

    Parameters
    ----------
    run : path-like
        Folder of a run of `train_sampler`.
    out : path-like
        The folder to write: new, or empty. ``read_cafa`` reads it.

    Returns
    -------
    generated : Generated
        What was added.

    Raises
    ------
    ArtifactError
        If ``run`` holds no run, or one that was not finished.
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
    settings, _ = read_config(run)
    check_vacant(out)
    generated = Generated.load(Path(run) / GENERATED)
    source = HUMAN_GO if settings.data == "human_go" else settings.data
    enlarge_folder(source, out, generated, settings.ontology)
    return generated
