"""Networks: backbones that build them, conditions that describe labels; and losses of terms."""

from protimb.nn._attention import AttentionBackbone
from protimb.nn._backbones import BACKBONES
from protimb.nn._base import BaseBackbone, ConditionalNetwork
from protimb.nn._conditionings import (
    CONDITIONINGS,
    BaseConditioning,
    ChannelConditioning,
    ConcatConditioning,
    FiLMConditioning,
    Injection,
    InjectionSites,
    ProjectionConditioning,
)
from protimb.nn._conditions import (
    CONDITIONS,
    BaseCondition,
    JointCondition,
    MultiHotCondition,
    NoCondition,
    TermVectorCondition,
)
from protimb.nn._convolution import ConvBackbone, TransposedConvBackbone
from protimb.nn._label_attention import LabelAttention
from protimb.nn._layers import (
    PiecewiseLinear,
    SeededDropout,
    SeededNoise,
    seeded_conv,
    seeded_linear,
)
from protimb.nn._mlp import MLPBackbone
from protimb.nn._term_losses import LOSSES, make_loss
from protimb.nn._term_losses_base import BaseTermLoss, TermCriterion
from protimb.nn._term_losses_counts import (
    ClassBalancedLoss,
    DistributionBalancedLoss,
    LDAMLoss,
    LogitAdjustmentLoss,
)
from protimb.nn._term_losses_isda import ISDALoss
from protimb.nn._term_losses_plain import (
    AsymmetricLoss,
    CrossEntropyLoss,
    FocalLoss,
    HierarchyLoss,
    ZLPRLoss,
)

__all__ = [
    "BACKBONES",
    "CONDITIONINGS",
    "CONDITIONS",
    "LOSSES",
    "AsymmetricLoss",
    "AttentionBackbone",
    "BaseBackbone",
    "BaseCondition",
    "BaseConditioning",
    "BaseTermLoss",
    "ChannelConditioning",
    "ClassBalancedLoss",
    "ConcatConditioning",
    "ConditionalNetwork",
    "ConvBackbone",
    "CrossEntropyLoss",
    "DistributionBalancedLoss",
    "FiLMConditioning",
    "FocalLoss",
    "HierarchyLoss",
    "ISDALoss",
    "Injection",
    "InjectionSites",
    "JointCondition",
    "LDAMLoss",
    "LabelAttention",
    "LogitAdjustmentLoss",
    "MLPBackbone",
    "MultiHotCondition",
    "NoCondition",
    "PiecewiseLinear",
    "ProjectionConditioning",
    "SeededDropout",
    "SeededNoise",
    "TermCriterion",
    "TermVectorCondition",
    "TransposedConvBackbone",
    "ZLPRLoss",
    "make_loss",
    "seeded_conv",
    "seeded_linear",
]
