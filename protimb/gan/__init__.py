"""A conditional Wasserstein GAN: the generative model alone, without sampler or filter."""

from protimb.gan._model import ConditionalGAN

__all__ = ["ConditionalGAN"]
