"""A conditional Wasserstein GAN: the generative model alone, without sampler or filter."""
