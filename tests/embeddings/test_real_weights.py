"""With real weights, where PROTIMB_ESM2 names their folder: the bundled vectors, made again.

Collected only there, so that no run counts it as skipped. The recipe of the bundled data leaves
such a folder: ``PROTIMB_ESM2=packages/esm2_t6_8M pytest tests/embeddings/test_real_weights.py``.
"""

import os

import numpy as np

from protimb.datasets import read_embeddings, read_fasta
from protimb.datasets._human import HUMAN_GO
from protimb.embeddings import EncoderRecord, TransformersEncoder

FOLDER = os.environ.get("PROTIMB_ESM2")

if FOLDER:

    def test_the_bundled_vectors_are_those_of_these_weights():
        encoder = TransformersEncoder(FOLDER, layer=5, device="cpu").fit()
        record = EncoderRecord.read(HUMAN_GO / "train_embeddings.npy")
        assert record.differences(EncoderRecord.of(encoder)) == []
        sequences = read_fasta(HUMAN_GO / "train_sequences.fasta.gz")
        some = [one for one in sequences if len(sequences[one]) < 200][:50]
        long = [one for one in sequences if 1100 < len(sequences[one]) < 1300][:2]  # in windows
        expected, _ = read_embeddings(HUMAN_GO / "train_embeddings.npy", select=some + long)
        X = encoder.transform([sequences[one] for one in some + long])
        np.testing.assert_allclose(X, expected, rtol=1e-3, atol=1e-3)  # float16
