"""Train a sampler on a data set, and leave a folder with all that came of it."""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from protimb.benchmark import split_by_cluster
from protimb.benchmark._data import load_bunch
from protimb.benchmark._provenance import fingerprint
from protimb.plotting import TrainingHistoryDisplay
from protimb.runs._config import Settings, write_config
from protimb.runs._enlarge import check_vacant
from protimb.runs._generated import generate
from protimb.runs._quality import measure_quality, take

GENERATED = "generated.npz"


def train_sampler(
    out,
    data="human_go",
    ontology="mf",
    *,
    min_proteins=10,
    hold_out=0.1,
    sampler_params=None,
    random_state=0,
    verbose=0,
):
    """Train a CGANSampler, generate what its strategy plans, and write everything into a folder.

    Parameters
    ----------
    out : path-like
        The folder of the run: new, or empty.
    data : str or path-like, default="human_go"
        The bundled proteins, or a CAFA training folder.
    ontology : {"mf", "bp", "cc"}, default="mf"
        Whose terms.
    min_proteins : int, default=10
        Leave out terms with fewer proteins.
    hold_out : float, default=0.1
        Share of the sequence clusters that the sampler does not see, for the quality report; 0
        trains on all proteins and judges by the same.
    sampler_params : dict, optional
        Parameters of CGANSampler as words and numbers, which ``config.json`` can hold;
        ``backbone__n_layers`` reaches into a network.
    random_state : int, default=0
        Seed of the split, the training and the draws.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    run : Bunch
        ``sampler``, ``generated`` (Generated), ``quality`` (DataFrame), ``folder`` (Path).

    Raises
    ------
    FileExistsError
        If ``out`` holds something already.
    ValueError
        If a parameter does not exist or is out of range.

    See Also
    --------
    resample : Writes an enlarged CAFA folder from the run.

    Notes
    -----
    The folder holds ``config.json`` (parameters, versions, fingerprint of the data),
    ``checkpoints/``, ``history.csv``, ``losses.png``, ``generated.npz``, ``quality.csv`` and
    ``quality_by_term.csv``.

    Examples
    --------
    >>> from protimb.runs import train_sampler
    >>> train_sampler("run", sampler_params={"backbone": "mlq"})
    Traceback (most recent call last):
        ...
    ValueError: backbone must be one of mlp, ...
    """
    settings = Settings(
        str(data), ontology, min_proteins, hold_out, random_state, dict(sampler_params or {})
    )
    folder = Path(out)
    sampler = settings.build_sampler(verbose=verbose)
    check_vacant(folder)
    bunch = load_bunch(settings.data, ontology, min_proteins)
    folder.mkdir(parents=True, exist_ok=True)
    write_config(folder, settings, fingerprint(bunch))
    return _run(folder, settings, sampler, bunch)


def _run(folder, settings, sampler, bunch):
    from protimb.training import Checkpoint

    train, held_out = split(bunch, settings)
    sampler.set_params(callbacks=[Checkpoint(folder / "checkpoints")])
    sampler.fit(train.X, pd.DataFrame(train.y, columns=train.terms))
    _write_history(folder, sampler.history_)
    generated = generate(sampler, train, bunch.protein_ids, settings.ontology, settings.seed)
    quality = measure_quality(generated, train, held_out)
    quality.to_csv(folder / "quality.csv")
    sampler.quality_report_.to_csv(folder / "quality_by_term.csv")
    generated.save(folder / GENERATED)
    return Bunch(sampler=sampler, generated=generated, quality=quality, folder=folder)


def split(bunch, settings):
    """Part the proteins that the sampler learns from and those that it is judged by.

    Parameters
    ----------
    bunch : Bunch
    settings : Settings

    Returns
    -------
    train, held_out : Bunch
        Both all proteins where nothing is to be held out.
    """
    if not settings.hold_out:
        return bunch, bunch
    train, held_out = split_by_cluster(
        bunch.groups, random_state=settings.seed, test_size=settings.hold_out
    )
    return take(bunch, np.sort(train)), take(bunch, np.sort(held_out))


def _write_history(folder, history):
    import matplotlib.pyplot as plt

    history.to_csv(folder / "history.csv", index=False)
    display = TrainingHistoryDisplay(history).plot()
    display.figure_.savefig(folder / "losses.png", dpi=120)
    plt.close(display.figure_)
