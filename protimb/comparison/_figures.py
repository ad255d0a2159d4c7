"""The figures of a comparison: counts, precision by bin, losses, maps."""

from protimb.plotting import FrequencyBinDisplay, LabelImbalanceDisplay, TrainingHistoryDisplay
from protimb.plotting._style import COLOURS, assign, literal, new_figure

_GAN_PANELS = (("critic_loss", "generator_loss"), ("penalty", "wasserstein"))


def draw_figures(comparison, folder):
    """Draw all that a comparison has numbers for, as {PNG in folder: caption} in reading order."""
    drawn = {}
    for draw in _DRAWN:
        for name, (figure, caption) in draw(comparison).items():
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=150)
            drawn[path] = caption
    return drawn


def _panels(n_panels, width, height, **options):
    figure = new_figure((width * n_panels, height))
    return figure, figure.subplots(1, n_panels, squeeze=False, **options)[0]


def _draw_imbalance(comparison):
    counts = {arm: one["counts"] for arm, one in comparison.traces.items() if "counts" in one}
    if not counts:
        return {}
    figure, axes = _panels(len(counts), 4, 3.6, sharey=True)
    for ax, (arm, table) in zip(axes, counts.items(), strict=True):
        LabelImbalanceDisplay(table["before"], table["after"]).plot(ax, name=f"after {arm}")
        n_added = comparison.traces[arm]["n_synthetic"]
        ax.set_title(
            f"{literal(arm)}: {abs(n_added):,} rows {'added' if n_added >= 0 else 'removed'}"
        )
        ax.label_outer()
    return {"imbalance": (figure, "Training proteins of each term, before and after resampling.")}


def _draw_bins(comparison):
    caption = "Macro average precision by training proteins of the term, with 95 % intervals."
    classifiers = _classifiers(comparison.table)
    return {"ap_by_bin": (_bin_panels(comparison, classifiers, "estimate"), caption)}


def _draw_differences(comparison):
    others = comparison.table[comparison.table["arm"] != "none"]
    first = _classifiers(comparison.table)[0]
    # Arms that are judged alone are drawn beside the first classifier.
    classifiers = list(others["classifier"].replace("alone", first).unique())
    if not classifiers:
        return {}
    caption = (
        "Difference in macro average precision to no resampling, with paired 95 % intervals: "
        "an arm helped where its whole bar is above the line. knn is held against "
        f"{first}."
    )
    return {"difference_by_bin": (_bin_panels(comparison, classifiers, "difference"), caption)}


def _bin_panels(comparison, classifiers, value):
    table = comparison.table
    n_bins = table["metric"].str.startswith("AP ").groupby(table["metric"]).any().sum()
    # So that the names of bins do not touch.
    figure, axes = _panels(len(classifiers), max(6.5, n_bins), 4.2, sharey=True)
    for ax, classifier in zip(axes, classifiers, strict=True):
        FrequencyBinDisplay.from_table(table, classifier=classifier, value=value).plot(ax)
        ax.set_title(f"classifier: {literal(classifier)}")
        ax.label_outer()
    return figure


def _classifiers(table):
    return [name for name in table["classifier"].unique() if name != "alone"]


def _draw_losses(comparison):
    traces = comparison.traces.items()
    trained = {f"losses_{arm}": (arm, one["history"]) for arm, one in traces if "history" in one}
    figures = {name: _gan_losses(*pair) for name, pair in trained.items()}
    return figures | _classifier_losses(comparison)


def _gan_losses(arm, history):
    display = TrainingHistoryDisplay(history)
    known = [[name for name in panel if name in display.losses] for panel in _GAN_PANELS]
    panels = [panel for panel in known if panel] or [display.losses]
    figure, axes = _panels(len(panels), 5.5, 3.6)
    for ax, losses in zip(axes, panels, strict=True):
        display.plot(ax, losses=losses)
    return figure, f"Losses of the sampler {arm}; each network's loss depends on the other's."


def _classifier_losses(comparison):
    traces, colours = comparison.traces.items(), _colours(comparison)
    histories = {
        arm: one["classifier_history"] for arm, one in traces if "classifier_history" in one
    }
    if not histories:
        return {}
    figure, (ax,) = _panels(1, 6, 3.6)
    for arm, history in histories.items():
        (line,) = TrainingHistoryDisplay(history).plot(ax, losses=["loss"]).lines_.values()
        line.set(label=literal(arm), color=colours[arm])
        line.set_xdata(history["n_steps"])
    ax.set(xlabel="step", ylabel="training loss of the network", yscale="log")
    ax.relim()
    ax.autoscale()
    ax.legend(frameon=False)
    caption = "Training loss of the network on each arm's own rows; not comparable in height."
    return {"losses_classifier": (figure, caption)}


def _draw_ranks(comparison):
    """Draw mean ranks with half the critical difference to either side, where ranks are tested."""
    found = comparison.ranks()
    if found.why_not:
        return {}
    ranks, half = found.mean_ranks, found.critical_difference / 2
    figure, (ax,) = _panels(1, 6, 1.2 + 0.3 * len(ranks))
    ax.errorbar(ranks, ranks.index.map(literal), xerr=half, fmt="o", capsize=3, color=COLOURS[0])
    ax.invert_yaxis()
    ax.set(xlabel=f"mean rank by {literal(found.metric)} (1 is best)")
    caption = (
        f"Mean ranks by {found.metric}, with half of Nemenyi's critical difference to either "
        "side: two arms whose bars do not overlap differ with confidence."
    )
    return {"ranks": (figure, caption)}


def _colours(comparison):
    return assign(dict.fromkeys(arm for arm, _ in comparison.evaluations), COLOURS)


def _draw_maps(comparison):
    figures = {}
    for arm, traces in comparison.traces.items():
        maps = traces.get("maps", {})
        if maps:
            figure, axes = _panels(len(maps), 6, 6.4)
            for ax, display in zip(axes, maps.values(), strict=True):
                display.plot(ax)
            caption = f"Real and generated proteins of a few raised terms, as {arm} made them."
            figures[f"map_{arm}"] = figure, caption
    return figures


_DRAWN = (
    _draw_imbalance,
    _draw_bins,
    _draw_differences,
    _draw_ranks,
    _draw_losses,
    _draw_maps,
)
