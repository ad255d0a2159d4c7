"""The command line under hostile words: each command's valid ones, and others in their places.

Every option of every command is found by asking the commands, so a new one is fuzzed from its first
day. All that is written lands in a folder of the input.
"""

import contextlib
import io
import json
import os
import re
import signal
import tempfile
import warnings
from functools import cache, partial
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

COMMAND = "command "  # begins the names of these targets
_WORDS = "words.json"
_ENOUGH = 1.0  # seconds, where a large number was asked for and is being worked on

_OF_ALL = ("compare", "train", "train-sampler")  # unless told otherwise
_SLOW = {"all", "main", "losses", "cgan", "tale"}  # of arms, heads and samplers
_REPORTS = ("audit", "compare", "evaluate", "imbalance")

_ODD = [
    *("", " ", "-", "--", "\t", "\n", "'", '"', ",", "=", "%s%n", "$(id)", "None", "nan", "{}"),
    *("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\u202etxt", "e\u0301", "\U0001d518", "\ufeffx"),
    *("\0", "a\0b", "\udcff", "x" * 300, "x" * 10_000, "../x", "--help", "--version"),
]
_NUMBERS = [
    *("-1", "0", "1", "2", "1.5", "-0.0", "nan", "-nan", "inf", "-inf", "1e999", "1e-999", "1e5"),
    *("9" * 20, "9" * 400, "9" * 5000, "-" + "9" * 20, "0x10", "1_0", "\u0663", "\u00b2", "1 2"),
    *("4294967295", "4294967296", "2147483648", "9223372036854775808", "18446744073709551616"),
]
_NAMES = [
    *("mf", "bp", "cc", "mf,mf", "mf,,bp", "mf,bp,cc", "MF", "all", "none", "auto", "main", "max"),
    *("1,1", "1,2", "0", "5", "none,none", "none,ros", "mlp,mlp", "kmer-1", "kmer-0", "kmer-99999"),
    *("kmer-1+kmer-2", "kmer-1+", "+", "unirep-1", "pca,pca", "pca", "temporal", "random"),
    *("2020-01-01", "2020-13-45", "99999-01-01", "9606", "9606,9606", "EXP", "EXP,EXP", "cuda:99"),
    *("GO:0003674", "GO:0000001,GO:0000001", "GO:9999999", "human", "float16", "minhash", "kmer"),
]
_READ = [
    *("{in}", "{in}/cafa", "{in}/cafa/train_terms.tsv", "{in}/cafa/train_embeds.npy", "{in}/run"),
    *("{in}/cafa/go-basic.obo", "{in}/new.fasta", "{in}/truth.tsv", "{in}/model", "{in}/missing"),
    *("{in}/run/generated.npz", "{in}/run/config.json", "{in}/model/manifest.json"),
    *("{odd}/pipe", "{odd}/loop", "{odd}/dangling", "{odd}/to_folder", "{odd}/to_file"),
    *("{odd}/empty", "{odd}/file/below", "{odd}/pipe/below", "{odd}/nothing"),
    *("/dev/null", "/dev/zero", "/dev/full", "/proc/self/mem", "/proc/self/maps", "/proc/self"),
    *(".", "..", "~", "file:///etc/passwd", "https://localhost/x", "{in}/\x1b[31m", "{in}/a\0b"),
]
_WRITTEN = [
    *("{work}", "{work}/out", "{work}/a/b/c", "{work}/X.h5", "{work}/X.npy", "{work}/x.csv"),
    *("{work}/x.tsv.gz", "{work}/.x.npy", "{work}/\x1b[31m.npy", "{work}/\udcff", "{work}/a\0b"),
    *("{work}/\udcff.tsv", "{work}/new\nline.h5", "{work}/" + "x" * 300, "{work}/ .npy", ".", ".."),
    *("{in}/cafa", "{in}/run", "{in}/model", "{in}/missing/x.npy", "{in}/new.fasta"),
    *("{odd}/pipe", "{odd}/loop", "{odd}/dangling", "{odd}/to_folder", "{odd}/file", "{odd}/empty"),
    *("{odd}/file/below", "{odd}/pipe.npy", "{odd}/loop.h5", "{odd}/to_file.tsv", "{odd}/nothing"),
]
_VALUES = [
    *("", "x", "None", "True", "-1", "0", "1", "2.5", "nan", "1e999", "-1e999", "1e308", "9" * 30),
    *("[]", "()", "{}", "[1]", "(0,)", "(-1, 2)", "[[[]]]", "{1}", "b'x'", "{'a': 1}", "['x']"),
    *("\0", "\x1b[31m", "9" * 400, "(" * 500, "[" * 9000, "1000000000", "'x'", "mlp", "film"),
]


def command_targets(target, part=""):
    """Make a target of each command whose name has a part: {name: target(files, read, ...)}."""
    from protimb.cli import app

    commands = {_name(one): one.callback for one in app.registered_commands}
    chosen = [name for name in commands if part in f"{COMMAND}{name}"]
    if not chosen:
        return {}
    files = _inputs()
    found = {}
    for name in chosen:
        words = _valid_words()[name]
        found[f"{COMMAND}{name}"] = target(
            files | {_WORDS: json.dumps(words).encode()},
            _run_in,
            _sane,
            partial(_vary, words, tuple(_options(commands[name]))),
        )
    return found


def _valid_words():
    """Give the words of each command; reports, which take long to draw, are not asked for."""
    from subjects import SUBJECTS, spell

    found = {}
    for subject in [*SUBJECTS.values()][::-1]:
        words = spell(subject.words, "{in}", "{work}")
        if words[0] in _REPORTS:
            place = words.index("--out")
            del words[place : place + 2]
        found[words[0]] = words
    return found


@cache
def _inputs():
    """Make all that commands start from, with a run and a model: {path: content}."""
    from subjects import SUBJECTS, write_inputs

    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        write_inputs(folder / "in", _must_run, SUBJECTS)
        files = [path for path in folder.rglob("*") if path.is_file()]
        content = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {name: one.replace(str(folder).encode(), b".") for name, one in content.items()}


def _must_run(words):
    status, _, said = _invoke(words)
    if status:
        raise RuntimeError(f"{words} ended with {status}: {said}")


def _name(command):
    return command.name or command.callback.__name__


def _options(function):
    """Yield (option or None, hostile values, how many it takes) of each parameter of a command."""
    hints = get_type_hints(function, include_extras=True)
    for name, hint in hints.items():
        if get_origin(hint) is Annotated:
            kind, info = get_args(hint)
            word = None if "Argument" in type(info).__name__ else f"--{name.replace('_', '-')}"
            n_values = 0 if kind is bool else 2 if "tuple" in str(kind) else 1
            yield word, _hostile(name, str(kind)), n_values


def _hostile(name, kind):
    if name in ("out", "cache"):
        return [*_WRITTEN, *_ODD]
    if name in ("param", "head_param"):
        return [*_ODD, *_assignments()]
    if "Path" in kind:
        return [*_READ, *_ODD]
    if "int" in kind or "float" in kind:
        return [*_NUMBERS, *_ODD]
    return [*_NAMES, *_NUMBERS, *_READ, *_ODD]


@cache
def _assignments():
    """List texts for --param and --head-param: every parameter there is, with odd values."""
    from protimb.comparison._arms import ARMS
    from protimb.comparison._heads import CLASSIFIERS

    made = {name: arm.make_sampler() for name, arm in ARMS.items() if arm.make_sampler}
    heads = {name: head.build() for name, head in CLASSIFIERS.items() if head.make}
    names = [one for name in ("cgan", "mlsmote") for one in made[name].get_params()]
    for arm, estimator in [*made.items(), *heads.items()]:
        names += [f"{arm}.{one}" for one in estimator.get_params()]
    names += [
        "",
        "x",
        "x.y",
        "__class__",
        "cgan.",
        ".n_latent",
        "\x1b[31m",
        "mlp.hidden_layer_sizes",
    ]
    return [f"{name}={value}" for name in names for value in _VALUES]


def _vary(words, options, rng):
    """Put one to three hostile words in the places of valid ones: {words.json: content}."""
    words = list(words)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice((_set, _set, _set, _set, _replace, _drop))(words, options, rng)
    return {_WORDS: json.dumps(words).encode()}


def _set(words, options, rng):
    word, values, n_values = rng.choice(options)
    hostile = [rng.choice(values) for _ in range(n_values)]
    if word is None:  # an argument: in the place of one, or one more
        words.insert(rng.randint(1, min(3, len(words))), hostile[0])
        return
    while word in words:
        place = words.index(word)
        del words[place : place + 1 + len(hostile)]
    words += [word, *hostile]


def _replace(words, options, rng):
    words[rng.randrange(len(words))] = rng.choice([*_ODD, *_NUMBERS, *_WRITTEN])


def _drop(words, options, rng):
    del words[rng.randrange(len(words))]
    words += [] if words else ["--help"]


def _run_in(folder):
    """Run the words of a folder's input: (status, stdout, stderr), or None if long at work."""
    words = json.loads((folder / _WORDS).read_bytes())
    _tidy(folder)
    places = {name: str(folder / name) for name in ("in", "work", "odd")}
    words = [re.sub(r"\{(in|work|odd)\}", lambda one: places[one[1]], word) for word in words]
    with _working_in(folder / "work"):
        return _invoke(_of_one_process(words), _ENOUGH if _is_long(words) else None)


@contextlib.contextmanager
def _working_in(folder):
    """Resolve what is relative in a folder."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _tidy(folder):
    """Leave in a folder what was there at first, and lay out odd files anew."""
    files = _inputs()
    for path in sorted(folder.rglob("*"), reverse=True):
        name = str(path.relative_to(folder))
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # not empty: it holds inputs
                path.rmdir()
        elif name != _WORDS and name not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.is_symlink() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.write_bytes(content)
    odd = folder / "odd"
    (folder / "work").mkdir()
    (odd / "empty").mkdir(parents=True)
    (odd / "file").write_text("x\n")
    (odd / "nothing").write_text("")
    links = {"loop": "loop", "loop.h5": "loop.h5", "dangling": "gone", "to_folder": "empty"}
    for name, there in (links | {"to_file": "file", "to_file.tsv": "file"}).items():
        (odd / name).symlink_to(there)
    for name in ("pipe", "pipe.npy"):
        os.mkfifo(odd / name)


def _of_one_process(words):
    """Ask for no processes: they would not be ours to bound."""
    places = [place for place, word in enumerate(words) if word == "--jobs"]
    return [
        "1" if place - 1 in places and word.strip().isdecimal() else word
        for place, word in enumerate(words)
    ]


def _is_long(words):
    """Tell whether words ask for so much, as all arms or bundled proteins, that it takes time."""
    asks_for_all = words[0] in _OF_ALL and not any("in/cafa" in word for word in words)
    trains_all = words[0] == "compare" and "--arms" not in words
    return (
        asks_for_all
        or trains_all
        or bool(_SLOW & set(words))
        or any(re.search(r"\d{4}|\d[eE]\d|\d_\d", word) for word in words)
    )


class _LongAtWorkError(BaseException):
    """What was asked for takes its time."""


def _invoke(words, enough=None):
    """Call the command line in this process: (status, stdout, stderr), None if long at work."""
    from protimb.cli import app

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            with _at_most(enough):
                app(words, prog_name="protimb")
        except SystemExit as end:
            return end.code or 0, out.getvalue(), err.getvalue()
        except _LongAtWorkError:
            return None
    return 0, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def _at_most(seconds):
    """Interrupt the block after so many seconds, if any."""
    if seconds is None:
        yield
        return

    def stop(*_):
        raise _LongAtWorkError

    before, left = signal.signal(signal.SIGALRM, stop), signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        signal.alarm(left)


def _sane(found):
    """Hold against what every command promises: its status, one error, nothing that steers."""
    if found is None:
        return
    status, out, err = found
    assert status in (0, 2) or (status == 1 and "real" in out)  # of an audit, a verdict
    assert not re.search(r"\x1b[\[\]][^A]", out + err)
    said = re.findall(r"^error: ", err, flags=re.MULTILINE | re.IGNORECASE)
    assert len(said) == (status == 2)
