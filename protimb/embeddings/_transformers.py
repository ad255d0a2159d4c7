"""TransformersEncoder: mean residue vectors of ESM-2, ProtT5, Ankh and their like."""

from numbers import Integral

from protimb.embeddings._network import BaseNetworkEncoder
from protimb.utils._sklearn_compat import Interval, StrOptions


class TransformersEncoder(BaseNetworkEncoder):
    """Average a protein language model's vectors of residues over a protein.

    Any encoder of the Hugging Face hub whose tokenizer gives each residue a token of its own:
    ESM-2 (``"facebook/esm2_t6_8M_UR50D"`` to ``"facebook/esm2_t36_3B_UR50D"``), ProtT5
    (``"Rostlab/prot_t5_xl_half_uniref50-enc"``), Ankh (``"ElnaggarLab/ankh-base"``). Special
    tokens and padding do not enter the mean.

    Parameters
    ----------
    model : str or path-like, default="facebook/esm2_t6_8M_UR50D"
        Name on the hub, or a folder that ``save_pretrained`` wrote.
    layer : int, default=-1
        Whose output is averaged: 0 is the embedding of tokens, -1 the last layer. The best layer
        for a task is often not the last: try some, on training data.
    window : int or "auto", default="auto"
        Residues that are read at once. Of a longer protein, overlapping windows are read, and a
        residue's vectors are averaged over the windows it is in. "auto" is 1,022 for ESM, which
        was trained on no longer ones, and 2,048 otherwise.
    overlap : int, default=256
        Residues that neighbouring windows share; at most half a window.
    precision : {"auto", "float32", "float16", "bfloat16"}, default="auto"
        "auto" is float32 on a CPU and half precision on a GPU: bfloat16 for T5, whose
        activations outgrow float16, and float16 otherwise. The mean is taken in float32.
    local_files_only : bool, default=True
        Take the model from disk or from the hub's cache on disk. False downloads it if needed.
    device : str or torch.device, default="auto"
        ``"auto"`` picks CUDA where there is one.
    cache : str, path-like or None, default=None
        Folder that keeps vectors by hashes of sequence and model: an interrupted run goes on
        from it, and what was embedded once costs nothing again. Several processes may share it.
    batch_tokens : int or "auto", default="auto"
        Tokens of a batch, padding included; halved where a batch does not fit the device. "auto"
        is 1,024 on a CPU, whose cache holds no more of them, and 8,192 on a GPU.
    verbose : bool or int, default=False
        Show a progress bar.

    Attributes
    ----------
    n_features_out_ : int
        Width of a vector.

    See Also
    --------
    UniRepEncoder : Smaller, and licensed for non-commercial use only.
    KmerEncoder : Needs no network at all.

    Notes
    -----
    Needs the package transformers (``pip install 'protimb[transformers]'``). Weights are read from
    safetensors only, and no code that comes with a model is run. Residues that a model has no
    token for are read as ``X``; so are ``B O U Z`` in T5, as its authors do.

    Proteins are sorted by length, and batched with others of nearly their own, so that padding is
    a few percent of the tokens.

    References
    ----------
    .. [1] Z. Lin et al., "Evolutionary-scale prediction of atomic-level protein structure with a
       language model", Science 379 (2023), doi 10.1126/science.ade2574.
    .. [2] A. Elnaggar et al., "ProtTrans: toward understanding the language of life through
       self-supervised learning", IEEE TPAMI 44 (2022), doi 10.1109/TPAMI.2021.3095381.

    Examples
    --------
    >>> from protimb.embeddings import TransformersEncoder
    >>> TransformersEncoder("facebook/esm2_t6_8M_UR50D", layer=5, cache="vectors")
    TransformersEncoder(cache='vectors', layer=5)
    """

    _parameter_constraints: dict = {  # noqa: RUF012 - scikit-learn's name and form
        **BaseNetworkEncoder._parameter_constraints,
        "model": "no_validation",  # any name or path
        "layer": [Integral],
        "window": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "overlap": [Interval(Integral, 0, None, closed="left")],
        "precision": [StrOptions({"auto", "float32", "float16", "bfloat16"})],
        "local_files_only": ["boolean"],
        "batch_tokens": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }
    _where = BaseNetworkEncoder._where | {"local_files_only"}
    # Half precision moves a vector by a thousandth; it is no other encoder.
    _source = frozenset({"model", "precision"})

    def __init__(
        self,
        model="facebook/esm2_t6_8M_UR50D",
        *,
        layer=-1,
        window="auto",
        overlap=256,
        precision="auto",
        local_files_only=True,
        device="auto",
        cache=None,
        batch_tokens="auto",
        verbose=False,
    ):
        self.model = model
        self.layer = layer
        self.window = window
        self.overlap = overlap
        self.precision = precision
        self.local_files_only = local_files_only
        self.device = device
        self.cache = cache
        self.batch_tokens = batch_tokens
        self.verbose = verbose

    def _spell(self, sequence):
        return self._network().tokens.spell(sequence)

    def _load(self):
        from protimb.embeddings._language_model import load_language_model

        return load_language_model(
            self.model,
            layer=self.layer,
            window=self.window,
            overlap=self.overlap,
            precision=self.precision,
            device=self.device,
            local_files_only=self.local_files_only,
        )
