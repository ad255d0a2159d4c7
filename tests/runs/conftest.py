from cafa_runs import cafa, other_cafa, params, run, train

__all__ = ["cafa", "other_cafa", "params", "run", "train"]
