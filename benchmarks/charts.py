"""Charts of results as SVG. They need matplotlib; without it nothing is drawn, and that is said."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks.markdown import options_of
from benchmarks.measure import Row, log
from benchmarks.registry import RESULTS

OURS, PEER, FAINT = "#1f6fb4", "#9aa5b1", "#cccccc"
COLORS = {
    "ns": OURS,
    "nce": "#2a9d5c",
    "hs": "#b8860b",
    "softmax": "#c2410c",
    "numpy softmax": "#7c3aed",
    "PyTorch softmax": "#64748b",
}
QUALITY = {
    "WordSim-353": "WordSim-353, rho",
    "SimLex-999": "SimLex-999, rho",
    "analogies": "analogies, share right",
}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "w2v_fast",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(name: str, rows: Sequence[Row]) -> None:
    """Draw the chart of a result, if it has one, as results/NAME.svg."""
    if name not in CHARTS:
        return
    if importlib.util.find_spec("matplotlib") is None:
        log("no chart is drawn: matplotlib is not installed (pip install matplotlib)")
        return
    made = CHARTS[name](rows)
    captions = dict.fromkeys(
        f"{row['cpu']}, {row['cores']} cores; {row['text']}; "
        f"w2v_fast {row['w2v_fast']}, commit {row['commit']}; {row['date'][:10]}"
        for row in rows
    )
    made.text(0.01, 0.005, "\n".join(captions), fontsize=6, color="#555555")
    below = (0.1 + 0.1 * len(captions)) / made.get_figheight()
    save(made, RESULTS / f"{name}.svg", below)


def panels(columns: int = 1, width: float = 7, height: float = 4) -> tuple[Any, Any]:
    """A figure and its axes, side by side."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(STYLE)
    made = Figure(figsize=(width, height), facecolor="white")
    return made, made.subplots(1, columns, squeeze=False)[0]


def save(made: Any, path: Path, below: float = 0.0) -> None:
    made.tight_layout(rect=(0, below, 1, 1))
    made.savefig(path, metadata={"Date": None}, dpi=130)
    log(f"drew {path}")


def curves(axes: Any, points: Iterable[tuple[str, float, float]], **style: Any) -> None:
    """A line through the points (name, x, y) of each name, in order of appearance."""
    by_name: dict[str, list[tuple[float, float]]] = {}
    for name, x, y in points:
        by_name.setdefault(name, []).append((x, y))
    for name, line in by_name.items():
        axes.plot(*zip(*sorted(line), strict=True), marker="o", label=name, **style)


def bars(rows: Sequence[Row], names: Sequence[str], figure: str, scale: float, **style: Any) -> Any:
    """Medians of a figure as horizontal bars, with their range; the first row on top."""
    made, (axes,) = panels(height=1.2 + 0.25 * len(rows))
    for y, row in enumerate(reversed(rows)):
        values = [scale * value for value in row[figure]]
        middle = median(values)
        axes.barh(
            y,
            middle,
            color=style["color"](row),
            xerr=[[middle - min(values)], [max(values) - middle]],
            error_kw={"elinewidth": 1, "capsize": 2},
        )
        axes.text(max(values), y, f" {middle:.3g}", va="center", fontsize=7)
    axes.set_yticks(range(len(rows)), names[::-1], fontsize=7)
    axes.set(xlabel=style["xlabel"], xscale=style.get("xscale", "linear"))
    axes.grid(axis="y", visible=False)
    axes.margins(y=0.01)
    return made


def draw_compare(rows: Sequence[Row]) -> Any:
    names = [
        f"{row['label']}" + (f", {row['variant']}" if row["variant"] != "default" else "")
        for row in rows
    ]
    return bars(
        rows,
        names,
        "raw words/s",
        1e-6,
        color=lambda row: OURS if row["trainer"] == "w2v_fast" else PEER,
        xlabel="million raw words/s of training",
    )


def draw_options(rows: Sequence[Row]) -> Any:
    names = [
        f"{options_of(row['varied']) or 'default'}, {row['workers']} "
        f"worker{'s' * (row['workers'] > 1)}"
        for row in rows
    ]
    return bars(
        rows,
        names,
        "raw words/s",
        1e-6,
        color=lambda row: PEER if row["workers"] == 1 else OURS,
        xlabel="million raw words/s of training",
    )


def draw_naive_to_fast(rows: Sequence[Row]) -> Any:
    return bars(
        rows,
        [row["run"] for row in rows],
        "ns a kept word",
        1,
        color=lambda row: OURS if "w2v_fast" in row["run"] else PEER,
        xlabel="nanoseconds a kept word, one thread",
        xscale="log",
    )


def draw_vocabulary(rows: Sequence[Row]) -> Any:
    """Rates over the size of the vocabulary, a curve for each dimension."""
    made, (axes,) = panels()
    curves(
        axes,
        ((f"d = {row['d']}", row["vocabulary"], median(row["raw words/s"]) / 1e6) for row in rows),
    )
    axes.set(
        xscale="log",
        xlabel="words in the vocabulary",
        ylabel=f"million raw words/s, {rows[0]['workers']} workers",
    )
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    return made


def draw_scaling(rows: Sequence[Row]) -> Any:
    """How many times as fast as one worker: measured here, and what the model expects."""
    made, (axes,) = panels()
    model = [
        (row["cores of the model"], row["times 1 core"]) for row in rows if "ns a transfer" in row
    ]
    if model:
        last = model[-1][0]
        axes.plot([1, last], [1, last], color=FAINT, linestyle=":", label="n times")
        curves(axes, (("model, n cores", *point) for point in [(1, 1), *model]), color=PEER)
    label = f"measured, n workers on {rows[0]['cores']} cores"
    times = [
        (label if "separate" not in row["run"] else row["run"], row)
        for row in rows
        if row["kind"] == "measured"
    ]
    curves(axes, ((name, row["workers"], median(row["times 1 worker"])) for name, row in times))
    logarithmic(axes)
    axes.set(xlabel="workers, or cores", ylabel="speed, times that of one worker")
    axes.legend(fontsize=7)
    return made


def logarithmic(axes: Any) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")


def draw_quality(rows: Sequence[Row]) -> Any:
    """Mean scores of each configuration, every seed as a point."""
    runs = list(dict.fromkeys(row["run"] for row in rows))
    made, all_axes = panels(len(QUALITY), width=9, height=1.2 + 0.28 * len(runs))
    for axes, (score, title) in zip(all_axes, QUALITY.items(), strict=True):
        for y, run in enumerate(reversed(runs)):
            values = [row[score] for row in rows if row["run"] == run]
            color = OURS if run.startswith("w2v_fast") else PEER
            axes.plot(values, [y] * len(values), ".", color=color, markersize=4)
            axes.plot(mean(values), y, "|", color=color, markersize=12)
        axes.set_yticks(range(len(runs)), runs[::-1] if axes is all_axes[0] else [], fontsize=7)
        axes.set_xlabel(title)
    return made


def draw_cluster(rows: Sequence[Row]) -> Any:
    """Mean scores over the number of nodes, and the loss beside one node's; seeds as points."""
    figures = {**QUALITY, "held-out loss": "held-out loss, times one node's"}
    runs: dict[str, list[Row]] = {}
    for row in rows:
        variant = "" if row["variant"] == "default" else f", {row['variant']}"
        runs.setdefault(f"{row['words'] / 1e6:.0f} million words{variant}", []).append(row)
    made, all_axes = panels(len(figures), width=12, height=3.6)
    for axes, (figure, title) in zip(all_axes, figures.items(), strict=True):
        for number, (label, own) in enumerate(runs.items()):
            scale = 1.0
            if figure == "held-out loss":
                alone = [row[figure] for row in own if row["nodes"] == 1]
                if not alone:
                    continue
                scale = 1 / mean(alone)
            points = sorted((row["nodes"], scale * row[figure]) for row in own)
            nodes = sorted({node for node, _ in points})
            means = [mean(value for node, value in points if node == one) for one in nodes]
            axes.plot(nodes, means, color=f"C{number}", label=label)
            axes.plot(*zip(*points, strict=True), ".", color=f"C{number}", markersize=4)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set(xlabel="nodes", title=title)
    all_axes[-1].legend(fontsize=6)
    return made


def draw_cluster_speed(rows: Sequence[Row]) -> Any:
    """Times the speed of one node, over the number of nodes: predicted lines, measured points."""
    made, (axes,) = panels(width=6, height=4)
    predicted = [row for row in rows if row["kind"] == "predicted"]
    lines = dict.fromkeys((row["words/s of a machine"], row["Gbit/s"]) for row in predicted)
    for alone, gigabits in lines:
        own = [
            r for r in predicted if (r["words/s of a machine"], r["Gbit/s"]) == (alone, gigabits)
        ]
        label = f"predicted: {alone / 1e6:g} M words/s a machine, {gigabits} Gbit/s"
        points = [(row["nodes"], row["nodes"] * row["efficiency"]) for row in own]
        axes.plot(*zip(*points, strict=True), marker=".", label=label)
    measured = [row for row in rows if row["kind"] == "measured"]
    for row, marker in zip(measured[1:], "xo+"[: len(measured) - 1], strict=True):
        times = median(a / b for a, b in zip(row["words/s"], measured[0]["words/s"], strict=True))
        label = f"measured: two of one thread, exchange {row['exchange']}"
        axes.plot(row["nodes"], times, marker, color="black", label=label)
    logarithmic(axes)
    axes.set(xlabel="nodes", ylabel="times the speed of one")
    axes.legend(fontsize=7)
    return made


def draw_arithmetic(rows: Sequence[Row]) -> Any:
    """The roofline: what all cores can do at so many operations a byte; training as points."""
    *_, on = (row["on"] for row in rows if row["kind"] == "copy")
    copy = median(
        value / 1e9
        for row in rows
        if row["kind"] == "copy" and row["on"] == on
        for value in row["bytes/s"]
    )
    trained = [row for row in rows if row["kind"] == "training" and "bytes of a word" in row]
    most = max(row["workers"] for row in trained)
    made, (axes,) = panels()
    peaks = (row for row in rows if row["kind"] == "peak" and row["on"] == on)
    for number, row in enumerate(peaks):
        peak, color = median(row["FLOP/s"]) / 1e9, f"C{number}"
        label = f"{row['isa']}: {peak:.0f} GFLOP/s"
        intensities = (0.25, peak / copy, 64)
        axes.plot(intensities, [min(peak, copy * x) for x in intensities], color=color, label=label)
        for point in trained:
            if (point["isa"], point["workers"]) == (row["isa"], most):
                x = point["flops of a word"] / point["bytes of a word"]
                y = median(point["FLOP/s"]) / 1e9
                axes.plot(x, y, "o", color=color)
                text = {"xytext": (5, -3), "textcoords": "offset points", "fontsize": 7}
                axes.annotate(f"d={point['d']}", (x, y), **text)
    logarithmic(axes)
    axes.set_xlabel("operations a byte, if no row were in a cache")
    axes.set_ylabel(f"GFLOP/s, {on} ({most} workers); slope: copy, {copy:.0f} GB/s")
    axes.legend(fontsize=7, loc="lower right")
    return made


def draw_softmax(rows: Sequence[Row]) -> Any:
    """Speed over the vocabulary, with the slopes that theory expects (dotted)."""
    workers = sorted({row["workers"] for row in rows})
    made, all_axes = panels(len(workers), width=4.2 * len(workers), height=4.4)
    costs: dict[str, tuple[str, Callable[[float], float]]] = {
        "O(1)": ("ns", lambda _: 1.0),
        "O(log V)": ("hs", math.log),
        "O(V)": ("softmax", float),
    }
    for number, axes in zip(workers, all_axes, strict=True):
        own = [row for row in rows if row["workers"] == number]
        lines = {
            who: [
                (row["vocabulary"], median(row["raw words/s"])) for row in own if row["who"] == who
            ]
            for who in dict.fromkeys(row["who"] for row in own)
        }
        for who, line in lines.items():
            style = "--" if " " in who else "-"
            axes.plot(*zip(*line, strict=True), marker="o", color=COLORS[who], label=who, ls=style)
        for name, (who, cost) in costs.items():
            (start, speed), *_, (end, _) = lines[who]
            slowest = speed * cost(start) / cost(end)
            axes.plot([start, end], [speed, slowest], color="#888888", linestyle=":")
            axes.text(end, slowest, f" {name}", color="#666666", fontsize=8, va="center")
        axes.set(xscale="log", yscale="log", xlabel="words in the vocabulary, V")
        axes.set_title(f"{number} worker{'s' * (number > 1)}")
    all_axes[0].set_ylabel("training speed, raw words/s")
    all_axes[0].legend(fontsize=7)
    return made


CHARTS: dict[str, Callable[[Sequence[Row]], Any]] = {
    "compare": draw_compare,
    "options": draw_options,
    "vocabulary": draw_vocabulary,
    "scaling": draw_scaling,
    "arithmetic": draw_arithmetic,
    "naive_to_fast": draw_naive_to_fast,
    "quality": draw_quality,
    "cluster": draw_cluster,
    "cluster_speed": draw_cluster_speed,
    "softmax": draw_softmax,
}
