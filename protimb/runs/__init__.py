"""Runs that leave a folder: a trained sampler's records, and enlarged CAFA folders from them."""

from protimb.runs._generated import Generated
from protimb.runs._resample import resample
from protimb.runs._train import resume_training, train_sampler

__all__ = ["Generated", "resample", "resume_training", "train_sampler"]
