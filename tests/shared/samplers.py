"""Every sampler, once: seeded, because fits are compared; fast, because each is fitted often."""

from protimb.over_sampling import (
    LPROS,
    MLROS,
    MLSMOTE,
    MLSOL,
    REMEDIAL,
    CGANSampler,
    LabelwiseSampler,
    RandomLabelsetOverSampler,
)
from protimb.under_sampling import LPRUS, MLRUS, MLTL, MLeNN

OVER_SAMPLERS = [
    RandomLabelsetOverSampler(random_state=0),
    MLROS(random_state=0),
    LPROS(random_state=0),
    MLSMOTE(random_state=0),
    MLSOL(random_state=0),
    LabelwiseSampler(random_state=0),
    CGANSampler(max_updates=1, n_critic=1, quality_filter=None, device="cpu", random_state=0),
]
UNDER_SAMPLERS = [MLRUS(random_state=0), LPRUS(random_state=0), MLeNN(), MLTL()]

# REMEDIAL has no budget.
SAMPLERS = [*OVER_SAMPLERS, REMEDIAL(), *UNDER_SAMPLERS]
