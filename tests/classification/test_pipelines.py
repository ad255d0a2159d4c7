"""The classifiers inside the tools of scikit-learn and imbalanced-learn."""

import numpy as np
import pytest
from imblearn.base import BaseSampler
from imblearn.pipeline import Pipeline
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.preprocessing import StandardScaler

from protimb.classification import KNNTermClassifier


class Doubler(BaseSampler):
    """Append every row once more, whatever the target."""

    _sampling_type = "bypass"
    _parameter_constraints = {}  # noqa: RUF012

    def fit_resample(self, X, y):
        return np.vstack([X, X]), np.concatenate([y, y])

    def _fit_resample(self, X, y):
        raise NotImplementedError


def test_a_sampler_feeds_the_classifier(small, data):
    pipeline = Pipeline([("resample", Doubler()), ("classify", small(max_epochs=1))])
    pipeline.fit(data.X, data.y)
    assert pipeline["classify"].history_[-1]["n_steps"] == 8  # 240 rows, 32 a batch
    assert pipeline.predict_proba(data.X).shape == data.y.shape


def test_cross_validated_probabilities_are_one_column_a_term(small, data):
    scores = cross_val_predict(small(), data.X, data.y, cv=3, method="predict_proba")
    assert scores.shape == data.y.shape
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize("scoring", [None, "average_precision", "f1_macro"])
def test_scorers_read_multilabel_probabilities(small, data, scoring):
    y = data.y[:, :4]
    y = y[:, y.any(axis=0)]
    result = cross_validate(small(), data.X, y, cv=2, scoring=scoring, error_score="raise")
    assert np.isfinite(result["test_score"]).all()


def test_grid_search_reaches_inside_a_pipeline(data):
    pipeline = Pipeline([("scale", StandardScaler()), ("classify", KNNTermClassifier())])
    search = GridSearchCV(pipeline, {"classify__n_neighbors": [1, 10]}, cv=2, error_score="raise")
    search.fit(data.X, data.y)
    assert set(search.best_params_) == {"classify__n_neighbors"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
