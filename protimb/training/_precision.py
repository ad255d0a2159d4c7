"""Networks in half the digits, where an estimator is asked for it."""

import torch


def half_digits(device, enabled):
    """Run products in bfloat16 within this context, sums and norms in float32."""
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=enabled)
