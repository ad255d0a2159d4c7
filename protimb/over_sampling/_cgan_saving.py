"""Save and load, as CGANSampler has them."""

from sklearn.utils.validation import check_is_fitted


class SavingMixin:
    """The two public methods; what they write and read is in ``_saving``."""

    def save(self, folder):
        """Write the fitted sampler to a folder, for ``load``.

        Parameters
        ----------
        folder : str or path-like
            Made where it is missing; a sampler saved there before is replaced as a whole.

        Raises
        ------
        ArtifactWriteError
            If the folder cannot be written; what was there is intact.
        TypeError
            If a parameter of a parameter, such as ``quality_filter__classifier__ontology``, is
            neither number, string nor an object with ``get_params``.

        Notes
        -----
        Networks, scale and members to start from are kept as tensors, parameters as JSON. Left
        out are ``callbacks``, a callable ``sampling_strategy``, a ``RandomState``, and the fitted
        ``quality_filter_``, which holds training data that ``sample`` does not need.
        """
        from protimb.over_sampling._saving import save_sampler

        check_is_fitted(self, "generator_")
        save_sampler(self, folder)

    @classmethod
    def load(cls, folder, *, device="auto", classes=()):
        """Read a sampler that ``save`` wrote; no saved code is run.

        Parameters
        ----------
        folder : str or path-like
        device : str or torch.device, default="auto"
            Where it will generate, whatever it was trained on.
        classes : iterable of class
            Backbones, conditions and filters of your own that the sampler uses.

        Returns
        -------
        sampler : CGANSampler
            Ready for ``sample``.

        Raises
        ------
        ArtifactError
            If the folder is damaged, comes from a newer protimb, holds something else, or needs a
            class that was not passed.
        """
        from protimb.over_sampling._saving import load_sampler

        return load_sampler(cls, folder, device, classes)
