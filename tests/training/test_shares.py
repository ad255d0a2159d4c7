"""What is drawn for a row does not depend on how many processes share the batch."""

import pytest
import torch

from protimb.training import _shares, draw_rows, share_batch


def drawn_in(n_processes, n_rows, n_parts, monkeypatch):
    """Draw what each of some processes draws for its rows, and put it where the rows are."""
    found = torch.full((n_rows, 3), torch.nan)
    monkeypatch.setattr(_shares, "n_processes", lambda: n_processes)
    for rank in range(n_processes):
        monkeypatch.setattr(_shares, "rank", lambda rank=rank: rank)
        generator = torch.Generator().manual_seed(7)
        share = share_batch(n_rows, n_parts)
        rows = share.own(torch.arange(n_rows))
        with share:
            found[rows] = draw_rows(torch.randn, (len(rows), 3), generator)
            found[rows] += draw_rows(torch.rand, (len(rows), 1), generator)
    return found


@pytest.mark.parametrize("n_parts", [1, 3])
@pytest.mark.parametrize("n_rows", [3, 4, 5, 8, 23])
def test_rows_get_the_draws_that_one_process_makes(n_rows, n_parts, monkeypatch):
    monkeypatch.setattr(_shares, "_BLOCK_ROWS", 4)
    one = drawn_in(1, n_rows, n_parts, monkeypatch)
    assert not one.isnan().any()
    assert len(one.unique()) == 3 * n_rows  # blocks differ from one another
    for n_processes in (2, 3):
        assert torch.equal(drawn_in(n_processes, n_rows, n_parts, monkeypatch), one)


def test_no_process_draws_blocks_in_which_it_has_no_row(monkeypatch):
    monkeypatch.setattr(_shares, "_BLOCK_ROWS", 4)
    shapes = []

    def draw(shape, **where):
        shapes.append(tuple(shape))
        return torch.rand(shape, **where)

    monkeypatch.setattr(_shares, "n_processes", lambda: 2)
    monkeypatch.setattr(_shares, "rank", lambda: 1)
    with share_batch(14) as share:
        draw_rows(draw, (share.n_own, 5), torch.Generator())
    assert shapes == [(4, 5), (4, 5), (2, 5)]  # of rows 7 to 13: those from 4, 8 and 12 on


def test_small_batches_are_drawn_as_torch_draws_them():
    one, other = (torch.Generator().manual_seed(3) for _ in range(2))
    expected = torch.randn((2048, 2), generator=one)
    assert torch.equal(draw_rows(torch.randn, (2048, 2), other), expected)
