"""The contract of a backbone: a small object that holds sizes and builds two networks."""

from abc import ABC, abstractmethod
from numbers import Integral, Real
from typing import ClassVar

import torch
from sklearn.base import BaseEstimator
from torch import nn

from protimb.nn._conditionings import ConcatConditioning
from protimb.utils._sklearn_compat import Interval, StrOptions

# name -> the module that ends a generator, and the open interval that its output lies in
FINAL_ACTIVATIONS: dict = {
    None: (nn.Identity, None),
    "sigmoid": (nn.Sigmoid, (0, 1)),
    "tanh": (nn.Tanh, (-1, 1)),
}

AT_LEAST_ONE = [Interval(Integral, 1, None, closed="left")]

# What every backbone of protimb can be told.
COMMON_CONSTRAINTS: dict = {
    "n_layers": AT_LEAST_ONE,
    "n_hidden": AT_LEAST_ONE,
    "negative_slope": [Interval(Real, 0, 1, closed="left")],
    "normalisation": [StrOptions({"layer"}), None],
    "final_activation": [StrOptions({"sigmoid", "tanh"}), None],
}


class BaseBackbone(BaseEstimator, ABC):
    """Base of all backbones: subclass it, build two networks, pass an instance to the sampler.

    A backbone is a configuration: its constructor stores sizes and nothing else, so
    ``clone``, ``set_params(backbone__n_layers=3)`` and grid search reach inside. A user's own
    subclass needs no registration.

    Attributes
    ----------
    output_range : None or tuple of two numbers
        Interval in which every number of a generated vector lies; None where it is unbounded.
        A sampler scales real vectors to it.
    rows_at_once : int or None
        Most rows that its networks read in one go where no gradients are kept, see
        :class:`ConditionalNetwork`.
    """

    _parameter_constraints: ClassVar[dict] = {}

    rows_at_once: ClassVar[int | None] = None

    @property
    def output_range(self):
        return FINAL_ACTIVATIONS[getattr(self, "final_activation", None)][1]

    @abstractmethod
    def build_generator(self, n_latent, n_features, conditioner, rng):
        """Build the network that turns noise and a condition into protein vectors.

        Parameters
        ----------
        n_latent : int
            Width of the noise.
        n_features : int
            Width of a protein vector.
        conditioner : torch.nn.Module
            Maps (batch, n_terms) labels to (batch, ``conditioner.n_condition``). Its attribute
            ``conditioning`` says how the condition should enter; a backbone may ignore that.
        rng : torch.Generator
            Source of the initial weights; torch's global generator must stay untouched.

        Returns
        -------
        generator : ConditionalNetwork
            ``generator(z, labels)`` has shape (batch, n_features).
        """

    @abstractmethod
    def build_critic(self, n_features, conditioner, rng):
        """Build the network that scores how real a protein vector looks under its labels.

        Parameters
        ----------
        n_features : int
            Width of a protein vector.
        conditioner : torch.nn.Module
            Maps (batch, n_terms) labels to (batch, ``conditioner.n_condition``).
        rng : torch.Generator
            Source of the initial weights.

        Returns
        -------
        critic : ConditionalNetwork
            ``critic(x, labels)`` has shape (batch, 1). It must score each row on its own: no
            batch normalisation, or the gradient penalty of one row would depend on the others.
        """


class ConditionalNetwork(nn.Module):
    """A body that reads vectors next to a condition made from labels.

    Parameters
    ----------
    conditioner : torch.nn.Module
        Maps (batch, n_terms) labels to (batch, n_condition).
    body : torch.nn.Module
        Called with x of shape (batch, n_in) and a condition of shape (batch, n_condition).
    rows_at_once : int, optional
        Most rows that the body reads in one go on a CPU while no gradients are kept; all by
        default. Where layers are many times as wide as a vector, what few rows need stays in the
        processor's cache from layer to layer.
    """

    def __init__(self, conditioner, body, rows_at_once=None):
        super().__init__()
        self.conditioner = conditioner
        self.body = body
        self.rows_at_once = rows_at_once

    def forward(self, x, labels):
        """Embed the labels and read them together with x."""
        return self.read(x, self.conditioner(labels))

    def read(self, x, condition):
        """Read x next to a condition embedded before: several x may share one embedding."""
        n_rows = self.rows_at_once
        if n_rows is None or torch.is_grad_enabled() or x.device.type != "cpu":
            return self.body(x, condition)
        blocks = zip(x.split(n_rows), condition.split(n_rows), strict=True)
        return torch.cat([self.body(*block) for block in blocks])


def conditioning_of(conditioner):
    """Return how a condition wants to enter; concatenated, where its maker did not say."""
    return getattr(conditioner, "conditioning", None) or ConcatConditioning()


def final_activation(name):
    """Build the module that ends a generator."""
    return FINAL_ACTIVATIONS[name][0]()
