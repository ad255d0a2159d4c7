"""Runs that leave a folder: trained samplers and classifiers, enlarged data, predictions."""

from protimb.runs._audit import audit
from protimb.runs._classify import train_classifier
from protimb.runs._explain import ProteinPage, explain_protein
from protimb.runs._generated import Generated
from protimb.runs._model import TermModel
from protimb.runs._predict import predict_terms
from protimb.runs._resample import resample
from protimb.runs._train import resume_training, train_sampler

__all__ = [
    "Generated",
    "ProteinPage",
    "TermModel",
    "audit",
    "explain_protein",
    "predict_terms",
    "resample",
    "resume_training",
    "train_classifier",
    "train_sampler",
]
