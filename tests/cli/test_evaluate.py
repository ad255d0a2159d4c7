"""protimb evaluate: words in, a table and a folder out."""

from typer.testing import CliRunner

from protimb.cli import app

OBO = "".join(
    f"[Term]\nid: GO:{n}\nname: term {n}\nnamespace: molecular_function\n{above}\n"
    for n, above in [(1, ""), (2, "is_a: GO:1\n"), (3, "is_a: GO:2\n")]
)


def run(tmp_path, *options, predictions="P1\tGO:3\t0.9\nP2\tGO:2\t0.4\n", obo=OBO):
    files = {"p.tsv": predictions, "t.tsv": "P1\tGO:3\nP2\tGO:2\n", "go.obo": obo}
    files |= {"ia.txt": "GO:1\t0\nGO:2\t1\nGO:3\t2\n", "known.tsv": "P1\tGO:2\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in ("p.tsv", "t.tsv")]
    return CliRunner().invoke(
        app, ["evaluate", *paths, "--obo", str(tmp_path / "go.obo"), *options]
    )


def test_a_table_is_printed_and_a_folder_written(tmp_path):
    out = tmp_path / "out"
    files = ["--ia", str(tmp_path / "ia.txt"), "--known", str(tmp_path / "known.tsv")]
    result = run(tmp_path, *files, "--no-orphans", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "molecular_function" in result.output
    assert "partial" in result.output
    written = {path.name for path in out.iterdir()}
    tables = {"summary.csv", "curves.csv", "left_out.csv"}
    assert written == tables | {"report.html", "precision_recall.png"}


def test_bad_files_and_words_end_with_one_line(tmp_path):
    result = run(tmp_path, predictions="P1\tGO:3\t7\n")
    assert result.exit_code == 2
    assert "line 1: the score '7'" in result.output
    assert run(tmp_path, "--norm", "mean").exit_code == 2


def test_no_name_and_no_id_moves_the_cursor(tmp_path):
    (tmp_path / "train.tsv").write_text("P9\tGO:2\n")
    rare = ["--training", str(tmp_path / "train.tsv"), "--min-proteins", "2"]
    result = run(tmp_path, *rare, obo=OBO.replace("term 1", "\x1b[2Jterm 1"))
    assert result.exit_code == 0, result.output
    assert r"the commonest is \x1b[2Jterm 1" in result.output
    result = run(tmp_path, predictions="X\x1b[2J\tGO:3\t0.9\n")
    assert result.exit_code == 2
    assert "\x1b" not in result.output


def test_targets_are_named_in_a_file_and_a_folder_may_be_the_truth(tmp_path):
    (tmp_path / "list.txt").write_text("P2\n")
    result = run(tmp_path, "--targets", str(tmp_path / "list.txt"))
    assert result.exit_code == 0, result.output
    (tmp_path / "leafonly_MFO.txt").write_text("P1\tGO:3\nP2\tGO:2\n")
    (tmp_path / "mfo_all_type1.txt").write_text("P1\n")
    words = ["evaluate", str(tmp_path / "p.tsv"), str(tmp_path), "--obo", str(tmp_path / "go.obo")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "none" in result.output


def test_the_line_that_converts_a_pickled_file_is_printed_as_it_is_to_be_typed(tmp_path):
    run(tmp_path)
    (tmp_path / "test_label_mf").write_bytes(b"")
    (tmp_path / "mf_go_1.tsv").write_text("GO:1\t0\ta\t\n")
    (tmp_path / "test_seq_mf.fasta").write_text(">P1\nMKV\n")
    words = ["evaluate", str(tmp_path / "p.tsv"), str(tmp_path), "--obo", str(tmp_path / "go.obo")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    assert "open('test_label_mf.txt', 'w').write('\\n'.join(" in result.output


def test_a_missing_file_is_named_in_words(tmp_path):
    result = run(tmp_path, "--ia", str(tmp_path / "no.txt"))
    assert result.exit_code == 2
    assert f"{tmp_path / 'no.txt'}: there is no such file" in " ".join(result.output.split())
    assert "Errno" not in result.output
