"""A comparison's files: the page, tables, figures and the record of what made them."""

import json
import re
from pathlib import Path

from protimb.exceptions import ArtifactError
from protimb.utils._csv import UTF8, write_csv
from protimb.utils._folder import read_regular
from protimb.utils._json_text import read_json
from protimb.utils._new_folder import renewed_folder, whole_file

_RECORD, _MAX_RECORD = "comparison.json", 2**26  # bytes
# Files that depend on arms, seeds and what there is to draw.
_OF_SOME = re.compile(r"figures/[^/]+\.png|quality_[^/]+\.csv|test_ids_[0-9]+\.txt")


def save(comparison, folder):
    """Write all files into a folder, or none; give its path."""
    with renewed_folder(folder, listed=_read_files) as draft:
        _write(comparison, draft)
    return Path(folder)


def _write(comparison, folder):
    from protimb.comparison._figures import draw_figures
    from protimb.comparison._page import write_report

    (folder / "figures").mkdir()
    comparison.to_csv(folder / "table.csv")
    write_csv(comparison.terms, folder / "terms.csv", index=False)
    write_csv(comparison.by_seed, folder / "seeds.csv", index=False)
    write_csv(comparison.pairwise(), folder / "pairs.csv", index=False)
    write_csv(comparison.between_heads(), folder / "heads.csv", index=False)
    write_csv(comparison.verdicts(), folder / "verdicts.csv", index=False)
    for seed, ids in comparison.test_ids.items():
        text = "".join(f"{one}\n" for one in ids)
        (folder / f"test_ids_{seed}.txt").write_text(text, **UTF8)
    for arm, traces in comparison.traces.items():
        if "quality" in traces:
            write_csv(traces["quality"], folder / f"quality_{arm}.csv", index_label="term")
    write_report(comparison, draw_figures(comparison, folder / "figures"), folder / "report.html")
    files = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    write_json(comparison, folder / _RECORD, files=sorted(files))


def _read_files(folder):
    """Name the files of an earlier report that not every comparison leaves."""
    path = folder / _RECORD
    try:
        names = read_json(read_regular(path, max_size=_MAX_RECORD), path, ArtifactError)["files"]
        return [name for name in names if _OF_SOME.fullmatch(name)]
    except (ArtifactError, LookupError, TypeError):  # none, or of another protimb
        return []


def write_json(comparison, path, **more):
    """Write the table, what it says, and everything needed to make them again."""
    content = comparison.record | {
        "advice": comparison.advice(),
        "winners": comparison.winners(),
        "verdicts": _records(comparison.verdicts()),
        "ranks": comparison.ranks().to_dict(),
        "caveat": comparison.caveat,
        "table": _records(comparison.table),
        **more,
    }
    text = json.dumps(content, indent=2, default=str, allow_nan=False)
    with whole_file(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def _records(table):
    return table.astype(object).where(table.notna(), None).to_dict("records")
