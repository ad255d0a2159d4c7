"""What a device has no room for is done by halves, with the same result."""

import numpy as np
import pytest
import torch
from devices import DEVICE
from numpy.testing import assert_allclose

from protimb.classification import GOTermClassifier, LabelAttentionClassifier, TALEClassifier
from protimb.datasets import make_longtail_multilabel
from protimb.exceptions import DeviceMemoryError, DeviceMemoryWarning
from protimb.gan import ConditionalGAN
from protimb.nn import MLPBackbone
from protimb.training import draw_rows, share_batch
from protimb.training._room import Room

TOY = make_longtail_multilabel(60, n_features=6, n_terms=4, random_state=0)
RESIDUES = [np.stack([row] * (1 + number % 4)) for number, row in enumerate(TOY.X)]
SEQUENCES = ["ACDEFGHIKL"[number % 10] * (3 + number % 5) for number in range(len(TOY.X))]
ONE_EPOCH = {"max_steps": 3, "batch_size": 20, "device": DEVICE, "random_state": 0}


def out_of(n_rows, most):
    if n_rows > most:
        raise torch.OutOfMemoryError(f"{n_rows} rows.")


def test_blocks_that_do_not_fit_are_halved_and_stay_so():
    seen = []

    def work(part):
        out_of(part.stop - part.start, 3)
        seen.append((part.start, part.stop))
        return part.start

    room = Room(8, "rows to try")
    with pytest.warns(RuntimeWarning) as told:
        assert room.blocks(7, work) == [0, 3, 6]
    assert seen == [(0, 3), (3, 6), (6, 7)]
    assert len(told) == 1
    assert "no room for 7 rows to try at a time: 7 rows. Going on with 3" in str(told[0].message)


def test_no_row_is_one_empty_block():
    assert Room(8).blocks(0, lambda part: part) == [slice(0, 0)]


def test_one_row_that_does_not_fit_is_the_devices_own_error():
    with (
        pytest.warns(DeviceMemoryWarning),
        pytest.raises(torch.OutOfMemoryError, match="One of the rows alone does not fit: 1 rows"),
    ):
        Room().blocks(2, lambda part: out_of(part.stop - part.start, 0))
    with pytest.warns(DeviceMemoryWarning), pytest.raises(torch.OutOfMemoryError):
        Room().batch(share_batch(3), lambda part, rows: out_of(len(rows), 0), torch.arange(3))


def test_draws_for_a_row_do_not_depend_on_the_parts():
    def draw(room, generator):
        def work(part, rows):
            noise = draw_rows(torch.randn, (len(rows), 2), generator)
            out_of(len(rows), 2)
            return noise

        return torch.cat(room.batch(share_batch(5), work, torch.arange(5)))

    one, other = (torch.Generator().manual_seed(0) for _ in range(2))
    expected = torch.randn((5, 2), generator=one)
    with pytest.warns(DeviceMemoryWarning, match="Going on with 2"):
        found = draw(Room(), other)
    assert torch.equal(found, expected)
    # What is drawn after the batch is the same too.
    assert torch.equal(torch.rand(3, generator=one), torch.rand(3, generator=other))


def gan():
    return ConditionalGAN(
        backbone=MLPBackbone(n_layers=1, n_hidden=8),
        n_latent=4,
        max_updates=3,
        check_every=1,
        batch_size=20,
        auxiliary_weight=1.0,
        lr=1e-6,  # or Adam turns the rounding of slopes near zero into steps
        device=DEVICE,
        random_state=0,
    ).fit(TOY.X, TOY.y)


def network():
    settings = {"hidden_layer_sizes": (8,), "early_stopping": False}
    return GOTermClassifier(**settings, **ONE_EPOCH).fit(TOY.X, TOY.y)


def attention():
    sizes = {"n_hidden": 8, "n_components": 3, "term_dropout": 0.5}
    return LabelAttentionClassifier(**sizes, **ONE_EPOCH).fit(RESIDUES, TOY.y)


def tale():
    sizes = {"n_layers": 1, "n_hidden": 4, "max_length": 8, "dropout": 0.5}
    return TALEClassifier(**sizes, **ONE_EPOCH).fit(SEQUENCES, TOY.y)


@pytest.mark.parametrize("fit", [gan, network, attention, tale])
def test_a_batch_in_parts_teaches_what_the_whole_one_does(fit, monkeypatch):
    expected = fit().history_
    gradients = Room.gradients

    def small(self, share, optimizer, loss_of, *own):
        def loss_of_few(*rows):
            out_of(len(rows[0]), 6)
            return loss_of(*rows)

        return gradients(self, share, optimizer, loss_of_few, *own)

    monkeypatch.setattr(Room, "gradients", small)
    with pytest.warns(DeviceMemoryWarning) as told:
        found = fit().history_
    halved = [str(warning.message) for warning in told]
    assert ["no room for 20 rows" in one for one in halved] == [True, False]
    assert ["no room for 10 rows" in one for one in halved] == [False, True]
    for one, other in zip(records(found), records(expected), strict=True):
        assert one.keys() == other.keys()
        assert_allclose(list(one.values()), list(other.values()), rtol=2e-4, atol=1e-6)


def records(history):
    return history if isinstance(history, list) else history.to_dict("records")


def test_a_loss_of_the_whole_batch_is_not_made_in_parts(monkeypatch):
    fit = GOTermClassifier(loss="isda", **ONE_EPOCH)
    batch = Room.batch

    def small(self, share, function, *own):
        def of_few(part, *rows):
            out_of(len(rows[0]), 6)
            return function(part, *rows)

        return batch(self, share, of_few, *own)

    monkeypatch.setattr(Room, "batch", small)
    with (
        pytest.warns(DeviceMemoryWarning),
        pytest.raises(DeviceMemoryError, match=r"all of its rows together .* Lower batch_size"),
    ):
        fit.fit(TOY.X, TOY.y)
