"""How many rows each term is to get, or to keep: what samplers share, and no user calls."""
