"""How a tokenizer of proteins writes residues, learned by asking it."""

from protimb.exceptions import EncoderError

_STANDARD = "ACDEFGHIKLMNPQRSTVWY"
_RARE = "BJOUZ"
# Written as X whatever the vocabulary holds: the authors of ProtT5 did so in training.
_TO_X = {"t5": "BJOUZ"}
# ESM and Ankh split joined residues, ProtT5 needs blanks between them.
_SPELLINGS = (" ".join, "".join)


class ResidueTokens:
    """Token numbers of residues, and of what stands before and behind a sequence."""

    def __init__(self, tokenizer, model_type):
        self.prefix, self.suffix, join = _ask(tokenizer)
        known = {one: self._ask_one(tokenizer, join(one)) for one in _STANDARD + _RARE + "X"}
        if known["X"] is None:
            known["X"] = tokenizer.unk_token_id
        if known["X"] is None:
            raise EncoderError("The tokenizer has no token for the unknown residue X.")
        to_x = {one for one in _RARE if known[one] is None} | set(_TO_X.get(model_type, ""))
        self.numbers = {one: number for one, number in known.items() if one not in to_x}
        self._table = str.maketrans(dict.fromkeys(to_x, "X"))
        self.pad = tokenizer.pad_token_id or 0

    def spell(self, sequence):
        """Write X for residues that the model does not know."""
        return sequence.translate(self._table)

    def encode(self, residues):
        """Turn a spelled sequence into token numbers, special ones included."""
        return [*self.prefix, *map(self.numbers.__getitem__, residues), *self.suffix]

    def _ask_one(self, tokenizer, text):
        """Give a residue's token number, None where it is unknown or split."""
        numbers = tokenizer(text)["input_ids"]
        inner = numbers[len(self.prefix) : len(numbers) - len(self.suffix)]
        return inner[0] if len(inner) == 1 and inner[0] != tokenizer.unk_token_id else None


def _ask(tokenizer):
    """Find special tokens before and behind residues, and how residues are joined."""
    for join in _SPELLINGS:
        numbers = tokenizer(join(_STANDARD))["input_ids"]
        tokens = [token.strip("▁") for token in tokenizer.convert_ids_to_tokens(numbers)]
        for start in range(len(tokens) - len(_STANDARD) + 1):
            if tokens[start : start + len(_STANDARD)] == list(_STANDARD):
                return numbers[:start], numbers[start + len(_STANDARD) :], join
    raise EncoderError(
        "The model's tokenizer does not give each residue a token of its own, so vectors of "
        "residues cannot be told apart. Is it a model of proteins?"
    )
