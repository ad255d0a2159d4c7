"""Sequences of a comparison's proteins: all there before anything is trained."""

import hashlib

from protimb.exceptions import SequenceError
from protimb.utils._validation import a_few


def require_sequences(bunch, heads):
    """Read the sequences that heads {name: Head} take into the data; refuse proteins without."""
    takers = [name for name, head in heads.items() if head.needs_sequences]
    if not takers:
        return bunch
    there = bunch.get("sequences", None) or {}
    there = there.in_file() if hasattr(there, "in_file") else there
    ids = [str(one) for one in bunch.protein_ids]
    missing = [one for one in ids if not there.get(one)]
    if missing:
        raise SequenceError(
            f"{len(missing)} of {len(ids)} proteins have no sequence: {a_few(missing)}. "
            f"{_and(takers)} learn from sequences: add these to train_sequences.fasta (the field "
            "sequences of data in memory), leave the proteins out, or leave out these heads."
        )
    return type(bunch)(**bunch | {"sequences": {one: str(there[one]) for one in ids}})


def require_vectors(bunch, arms, heads):
    """Refuse data whose X has no column where arms {name: Arm} or heads {name: Head} take it."""
    if bunch.X.shape[1]:
        return
    own = {n: arm.alone or arm.make_sampler or arm.make_classifier for n, arm in arms.items()}
    takers = [name for name, takes in own.items() if takes]
    takers += [name for name, head in heads.items() if head.needs_vectors]
    if takers:
        raise ValueError(
            f"These {len(bunch.X)} proteins have no vectors (X has no column), and "
            f"{a_few(takers)} need some. Read them with their vectors (vectors= of read_cafa3), or "
            "leave the arm 'none' and heads that take sequences, such as tale and alignment."
        )


def hash_sequences(bunch, heads):
    """Hash the sequences where some heads take them: {"sequences": hash} or nothing."""
    if not any(head.needs_sequences for head in heads.values()):
        return {}
    text = "\n".join(bunch.sequences[str(one)] for one in bunch.protein_ids)
    return {"sequences": hashlib.sha256(text.encode()).hexdigest()}


def _and(names):
    return f"The heads {', '.join(names)}" if len(names) > 1 else f"Heads such as {names[0]}"
