"""Train a sampler on a data set, and leave a folder with all that came of it."""

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path

from sklearn.utils import Bunch

from protimb.datasets._load import load_proteins, warn_of_generated
from protimb.exceptions import ArtifactError, ProtimbError
from protimb.over_sampling._told import tell_terms
from protimb.plotting import TrainingHistoryDisplay
from protimb.plotting._style import for_files
from protimb.runs._config import CONFIG, Settings, absolute, read_config, write_config
from protimb.runs._generated import generate
from protimb.runs._processes import from_first, in_each
from protimb.runs._quality import judge_rows
from protimb.utils._containers import label_frame
from protimb.utils._csv import write_csv
from protimb.utils._folder import tidy_folder
from protimb.utils._locks import LOCK, hold_folder
from protimb.utils._new_folder import check_vacant, drop_stale, refuse_link, renewed_folder
from protimb.utils._ranks import is_first

GENERATED = "generated.npz"
SAMPLER = "sampler"
CHECKPOINTS = "checkpoints"
QUALITY_BY_TERM = "quality_by_term.csv"


def train_sampler(
    out,
    data="human_go",
    ontology="mf",
    *,
    min_proteins=10,
    hold_out=0.1,
    sampler_params=None,
    term_vectors=None,
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
    term_vectors : path-like, optional
        File of term vectors, as ``read_term_vectors`` takes it. Without one a condition that needs
        vectors gets those that TermVectorizer makes from the ontology.
    random_state : int, default=0
        Seed of the split, the training and the draws.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    run : Bunch
        ``sampler``, ``generated`` (Generated), ``quality`` (QualityReport), ``folder`` (Path).
        Where several processes train together the first one generates, judges and writes;
        ``generated`` and ``quality`` of the others are None.

    Raises
    ------
    FileExistsError
        If ``out`` holds something already, but for what a killed run left that learned nothing.
    ArtifactWriteError
        If another process works in ``out``, or it cannot be written.
    ProcessError
        If several processes train together, and differ or lose one of them.
    TypeError
        If ``data`` is neither a name nor a path: a run must find its data again.
    ValueError
        If a parameter does not exist or is out of range.

    See Also
    --------
    resume_training : Goes on with an interrupted run.
    resample : Writes an enlarged CAFA folder from the run.

    Notes
    -----
    The folder holds ``config.json`` (parameters, versions, fingerprint of the data),
    ``checkpoints/``, ``history.csv``, ``losses.png``, ``sampler/`` (for ``CGANSampler.load``),
    ``generated.npz``, ``quality.csv`` and ``quality_by_term.csv``. Paths in ``config.json`` are
    absolute, so that the folder may be moved; relative ones are taken from the folder.

    Examples
    --------
    >>> from protimb.runs import train_sampler
    >>> train_sampler("run", sampler_params={"backbone": "mlq"})
    Traceback (most recent call last):
        ...
    ValueError: The 'backbone' parameter of CGANSampler must be one of mlp, ...
    """
    settings = Settings(
        data=name_of_data(data),
        ontology=ontology,
        min_proteins=min_proteins,
        hold_out=hold_out,
        seed=random_state,
        sampler=dict(sampler_params or {}),
        term_vectors=absolute(term_vectors),
    )
    folder = Path(out)
    sampler = settings.build_sampler(verbose=verbose)
    from_first(_check_startable, folder)
    bunch = in_each(load_proteins, settings.data, ontology, min_proteins, "auto")
    if hold_out:
        warn_of_generated(bunch)
    with ExitStack() as held:
        from_first(_begin, held, folder, settings, bunch)
        try:
            return _run(folder, settings, sampler, bunch)
        except ProtimbError:
            if is_first():
                _forget(folder)
            raise


def _begin(held, folder, settings, bunch):
    """Hold a folder, and note what is to be done there, unless another one was faster."""
    folder.mkdir(parents=True, exist_ok=True)
    held.enter_context(hold_folder(folder))
    _check_startable(folder)
    drop_stale(folder, ".*")
    write_config(folder, settings, bunch.fingerprint())


def _check_startable(folder):
    """Refuse a folder that holds something, but what a killed run left that learned nothing."""
    if (folder / CONFIG).is_file() and (folder / CHECKPOINTS).is_dir():
        raise FileExistsError(
            f"{folder} holds a run already. Go on with it (resume_training, or --resume), or name "
            "another folder."
        )
    check_vacant(folder, unless=[CONFIG])


def _forget(folder):
    """Remove a run that was refused before it learned anything, so that its name is free again."""
    if {path.name for path in folder.iterdir()} == {CONFIG, LOCK}:
        (folder / CONFIG).unlink()


def resume_training(out, *, max_updates=None, verbose=0):
    """Go on with a run that was interrupted, or train a finished one for longer.

    Parameters
    ----------
    out : path-like
        The folder of the run. Its ``config.json`` says what to do.
    max_updates : int, optional
        Updates of the generator in all, where the run is to become longer.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    run : Bunch
        As of `train_sampler`, and on the CPU to the same bits as if it had never stopped.

    Raises
    ------
    ArtifactError
        If ``out`` holds no run, a damaged checkpoint, or the data have changed; or if
        ``max_updates`` is less than the updates that the run has behind it.
    ArtifactWriteError
        If another process works in ``out``, or it cannot be written.
    ValueError
        If ``max_updates`` is to change, and the learning rate falls over the updates of the run.

    See Also
    --------
    train_sampler : Starts a run.
    protimb.training.Checkpoint : What a run goes on from.

    Examples
    --------
    >>> from protimb.runs import resume_training
    >>> resume_training("missing_run")
    Traceback (most recent call last):
        ...
    protimb.exceptions.ArtifactError: missing_run holds no run: config.json is missing...
    """
    folder = Path(out)
    settings, data = in_each(partial(read_config, to_train=True), folder)
    with ExitStack() as held:
        from_first(_go_on, held, folder)
        if max_updates is not None:
            _check_longer(settings.build_sampler(), max_updates, folder / CHECKPOINTS)
            settings = replace(settings, sampler=settings.sampler | {"max_updates": max_updates})
        sampler = settings.build_sampler(verbose=verbose)
        bunch = in_each(load_same_data, settings, data, folder)
        # Before training: whatever ends it, the run goes on from its checkpoint to that length.
        from_first(write_config, folder, settings, data)
        return _run(folder, settings, sampler, bunch)


def _go_on(held, folder):
    """Hold a folder that has a run, and remove what a killed process left half-written there."""
    held.enter_context(hold_folder(folder))
    drop_stale(folder, ".*")
    for part in (CHECKPOINTS, SAMPLER):
        refuse_link(folder / part, cure="Move what it leads to here, or start another run.")
        tidy_folder(folder / part)


def name_of_data(data):
    """Give a name or path as text; what is only in memory could not be found by a later run."""
    if not isinstance(data, str | PathLike):
        raise TypeError(
            f"data is {type(data).__name__}, and a run must find its data again. Write it to a "
            "folder and name that: ProteinData.from_fields(data).write_cafa('proteins'), then "
            "data='proteins'."
        )
    return absolute(data)


def _check_longer(sampler, max_updates, checkpoints):
    from protimb.training import check_updates, load_state

    # Before config.json says so: it would ask for what the checkpoint cannot give, ever after.
    if sampler.lr_schedule != "constant" and sampler.max_updates != max_updates:
        raise ValueError(
            f"max_updates={max_updates}: the learning rate of this run falls over the "
            f"{sampler.max_updates} updates it has (lr_schedule={sampler.lr_schedule!r}), so it "
            "ends there. "
            "Leave max_updates out, or start another run."
        )
    if _can_resume(checkpoints):
        check_updates(load_state(checkpoints)[1].get("n_steps"), max_updates)


def load_same_data(settings, data, folder):
    """Load the data of a run, and refuse them if ``data``, the fingerprint it recorded, differs."""
    bunch = load_proteins(settings.data, settings.ontology, settings.min_proteins, "auto")
    if bunch.fingerprint() != data:
        raise ArtifactError(
            f"{settings.data} is no longer what {folder} was trained on: its fingerprint differs "
            f"from that in config.json. Bring the data back, or start another run."
        )
    return bunch


def _run(folder, settings, sampler, bunch):
    train, held_out = split(bunch, settings)
    sampler.set_params(term_vectors=settings.read_term_vectors())
    tell_terms(sampler, bunch.ontology, bunch.terms)
    _fit(sampler, train, folder / CHECKPOINTS)
    if not is_first():  # of several processes, one writes
        return Bunch(sampler=sampler, generated=None, quality=None, folder=folder)
    generated = generate(sampler, train, bunch.protein_ids, settings.ontology, settings.seed)
    quality = judge_rows(train, held_out, generated.X, generated.y, settings.seed)
    sampler.save(folder / SAMPLER)
    with renewed_folder(folder, held=True) as draft:
        _write_history(draft, sampler.history_)
        write_csv(quality.to_frame(), draft / "quality.csv")
        write_csv(sampler.quality_report_, draft / QUALITY_BY_TERM)
        generated.save(draft / GENERATED)
    return Bunch(sampler=sampler, generated=generated, quality=quality, folder=folder)


def _fit(sampler, train, checkpoints):
    from protimb.training import Checkpoint

    sampler.set_params(callbacks=[Checkpoint(checkpoints)])
    resume_from = checkpoints if from_first(_can_resume, checkpoints) else None
    sampler.fit(train.X, label_frame(train.y, train.terms), resume_from=resume_from)


def _can_resume(checkpoints):
    # Before the end of the first epoch there is nothing to go on from.
    return (checkpoints / "manifest.json").exists()


def split(bunch, settings):
    """Part the proteins to learn from and to judge by; both are all where none is held out."""
    if not settings.hold_out:
        return bunch, bunch
    return bunch.split_by_cluster(random_state=settings.seed, test_size=settings.hold_out)


def _write_history(folder, history):
    write_csv(history, folder / "history.csv", index=False)
    with for_files():
        figure = TrainingHistoryDisplay(history).plot().figure_
    figure.savefig(folder / "losses.png", dpi=120)
