"""What made vectors travels beside them: enough to make more, and to tell others apart."""

import json
import shutil

import h5py
import pytest
from encoders import save_esm, save_unirep

from protimb.embeddings import (
    BaseEncoder,
    ConcatEncoder,
    EncoderRecord,
    KmerEncoder,
    TransformersEncoder,
    UniRepEncoder,
    embed_fasta,
)
from protimb.exceptions import EmbeddingFileError, EncoderError

SEQUENCES = ["MKVLAW", "GHPC"]


@pytest.fixture
def fasta(tmp_path):
    path = tmp_path / "toy.fasta"
    path.write_text(">A\nMKVLAW\n>B\nGHPC\n")
    return path


def encoders(models):
    return {
        "kmer": KmerEncoder(k=2, alphabet="murphy10", norm=None),
        "esm": TransformersEncoder(models["esm"], layer=1, window=50, overlap=10, device="cpu"),
        "t5": TransformersEncoder(str(models["t5"]), device="cpu", cache="c", verbose=1),
        "unirep": UniRepEncoder(weights=models["unirep"], batch_tokens=64),
        "both": ConcatEncoder((KmerEncoder(k=1), TransformersEncoder(models["esm"], layer=1))),
    }


@pytest.mark.parametrize("name", ["kmer", "esm", "t5", "unirep", "both"])
def test_a_record_makes_an_encoder_of_the_same_vectors(models, name):
    encoder = encoders(models)[name]
    record = EncoderRecord.of(encoder)
    again = EncoderRecord.from_dict(json.loads(record.to_json()))
    assert again == record
    built = again.build(device="cpu")
    expected = encoder.set_params(**{"cache": None} if name == "t5" else {}).transform(SEQUENCES)
    assert (built.fit_transform(SEQUENCES) == expected).all()
    assert record.n_features == expected.shape[1]
    assert record.differences(EncoderRecord.of(built)) == []


def test_a_record_says_nothing_of_where_an_encoder_ran(models):
    params = EncoderRecord.of(encoders(models)["t5"]).encoder["params"]
    assert not {"device", "cache", "verbose", "batch_tokens", "local_files_only"} & set(params)


def test_a_moved_model_is_the_same_and_others_are_told_apart(models, tmp_path):
    record = EncoderRecord.of(TransformersEncoder(models["esm"], layer=2))
    moved = shutil.copytree(models["esm"], tmp_path / "moved")
    same = EncoderRecord.of(record.build(str(moved), device="cpu"))
    assert record.differences(same) == []
    assert record.differences(EncoderRecord.of(TransformersEncoder(moved, layer=-1))) == []
    other = TransformersEncoder(save_esm(tmp_path / "other", seed=1), layer=1)
    weights, layer = sorted(record.differences(EncoderRecord.of(other)), reverse=True)
    assert weights.startswith("weights is ")
    assert layer == "layer is 1, not 2"
    unirep = EncoderRecord.of(UniRepEncoder(weights=models["unirep"]))
    assert record.differences(unirep)[0] == "the encoder is UniRepEncoder, not TransformersEncoder"


def test_other_weights_of_one_width_are_told_apart(models, tmp_path):
    own = EncoderRecord.of(UniRepEncoder(weights=models["unirep"]))
    other = UniRepEncoder(weights=save_unirep(tmp_path / "other.npz", seed=1))
    with pytest.raises(EmbeddingFileError, match=r"new.npy has vectors of .*weights is \w{16}, "):
        own.check_same(EncoderRecord.of(other), "new.npy")
    both = [EncoderRecord.of(ConcatEncoder([KmerEncoder(1), KmerEncoder(k)])) for k in (1, 2)]
    assert both[0].differences(both[1]) == ["1 k is 2, not 1", "the width is 420, not 40"]


@pytest.mark.parametrize("name", ["esm", "t5"])
@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_is_no_other_encoder(models, name, precision):
    full = EncoderRecord.of(TransformersEncoder(models[name], device="cpu"))
    half = EncoderRecord.of(TransformersEncoder(models[name], device="cpu", precision=precision))
    assert full.differences(half) == []


@pytest.mark.parametrize(
    ("vectors", "record"),
    [
        ("x.npy", "x_encoder.json"),
        ("train_embeds.npy", "train_encoder.json"),
        ("test_embeddings.npy", "test_encoder.json"),
    ],
)
def test_a_matrix_has_its_record_beside_it(fasta, vectors, record):
    embed_fasta(fasta, "kmer-2", fasta.with_name(vectors))
    assert fasta.with_name(record).is_file()
    found = EncoderRecord.read(fasta.with_name(vectors))
    assert found == EncoderRecord.of(KmerEncoder(2))


def test_an_h5_file_holds_its_record_and_others_have_none(fasta):
    embed_fasta(fasta, "kmer-2", fasta.with_name("x.h5"))
    assert EncoderRecord.read(fasta.with_name("x.h5")) == EncoderRecord.of(KmerEncoder(2))
    shutil.copy(fasta.with_name("x.h5"), fasta.with_name("x.hdf5"))
    assert EncoderRecord.read(fasta.with_name("x.hdf5")) == EncoderRecord.of(KmerEncoder(2))
    with h5py.File(fasta.with_name("bare.h5"), "w") as file:
        file["A"] = [1.0]
    assert EncoderRecord.read(fasta.with_name("bare.h5")) is None
    assert EncoderRecord.read(fasta.with_name("none.npy")) is None


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"name": 3}', "\x1b", "[" * 9**6])
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / "x_encoder.json").write_text(text)
    with pytest.raises(EmbeddingFileError, match=r"x_encoder\.json is no record of an encoder"):
        EncoderRecord.read(tmp_path / "x.npy")


class Own(BaseEncoder):
    """A user's own class, which no record can bring along."""

    def _prepare(self):
        return 1

    def _spell(self, sequence):
        return sequence

    def _encode(self, sequences):
        raise NotImplementedError


def test_no_class_but_those_known_is_built(models):
    record = EncoderRecord.of(Own())
    with pytest.raises(EncoderError, match=r"Own\(\) cannot be made .* Pass the encoder itself"):
        record.build()
    own = Own()
    assert record.build(own) is own
    for name in ("os.system", "Popen", "KmerEncoder.fit"):
        evil = EncoderRecord("evil", {"class": name, "params": {}}, {}, 1)
        with pytest.raises(EncoderError, match="cannot be made"):
            evil.build()
