"""Whether generated proteins can be trusted, judged by those that their generator did not see."""

from protimb.metrics import quality_report


def judge_rows(train, held_out, X_new, y_new, seed, **options):
    """Hold rows (n_new, n_features) and what they claim against real ones: a QualityReport."""
    is_held_out = held_out is not train
    return quality_report(
        train.X,
        train.y,
        X_new,
        y_new,
        held_out=(held_out.X, held_out.y, held_out.groups) if is_held_out else None,
        groups=train.groups,
        ontology=train.ontology,
        terms=[str(term) for term in train.terms],
        random_state=seed,
        **options,
    )
