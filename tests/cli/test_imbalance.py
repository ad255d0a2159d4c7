"""The command prints and draws what `describe_imbalance` says of a data set."""

import pandas as pd
from command import invoke


def test_imbalance_of_a_folder_is_printed_and_drawn(folder, tmp_path):
    out = tmp_path / "out"
    result = invoke("imbalance", "--data", folder, "--ontology", "mf,cc", "--out", out)
    assert result.exit_code == 0, result.output
    assert "rare toy binding" in result.stdout
    assert "MeanIR                1.5  mean IRLbl" in result.stdout  # of 30 and 15 proteins
    assert (out / "mf" / "imbalance.png").is_file()
    assert pd.read_csv(out / "cc" / "terms.csv")["term"].tolist() == ["GO:0000003", "GO:0000004"]


def test_imbalance_without_a_folder_to_write_to_prints_only(folder, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    assert invoke("imbalance", "--data", folder, "--min-proteins", "20").exit_code == 2
    assert invoke("imbalance", "--data", folder).exit_code == 0
    assert sorted(tmp_path.rglob("*")) == before
