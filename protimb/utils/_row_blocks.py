"""Blocks of rows: of one height, so that company changes nothing for a row; and sums over them."""

import numpy as np

# A product of matrices rounds differently for other heights, so blocks are padded to this one.
BLOCK_ROWS = 256


def blocks_of_rows(n_rows):
    """Give slices that cover rows 0 to n_rows, BLOCK_ROWS at a time."""
    return [slice(start, start + BLOCK_ROWS) for start in range(0, n_rows, BLOCK_ROWS)]


def padded(block):
    """Add rows of zeros to (n_block, n_columns) until there are BLOCK_ROWS."""
    return np.pad(block, ((0, BLOCK_ROWS - len(block)), (0, 0)))


def sum_products(blocks, n_columns):
    """Add up the products of blocks of rows with themselves: (n_columns, n_columns), float64."""
    total = np.zeros((n_columns, n_columns))
    for block in blocks:
        total += block.T @ block
    return total
