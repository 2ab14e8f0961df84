"""Charts of stored results as SVG: `python -m benchmarks.charts` draws all of benchmarks/results/ again.

Each row of a result names its `benchmark`, which decides the charts: bars of rates, with the range of the rounds;
curves over whatever option was varied; the roofline. Needs matplotlib; without it nothing is drawn, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from statistics import mean, median
from typing import Any

from benchmarks.common import RESULTS, log

Rows = Sequence[dict[str, Any]]
CURVES = {
    "max_vocab": "words in the vocabulary",
    "vector_size": "dimensions of a vector",
    "workers": "workers",
    "negative": "noise words",
    "noise_draws": "draws of noise",
}
QUALITY = ("WordSim-353", "SimLex-999", "analogies")
OURS, PEER = "#1f6fb4", "#9aa5b1"


def draw(name: str) -> None:
    """Draw the charts of results/NAME.jsonl, as results/NAME.svg or NAME-OPTION.svg."""
    try:
        import matplotlib
    except ImportError:
        log("no chart is drawn: matplotlib is not installed (pip install matplotlib)")
        return
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": name,
            "svg.fonttype": "none",
            "font.size": 9,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    lines = (RESULTS / f"{name}.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    if rows and (charts := CHARTS.get(rows[0].get("benchmark"))):
        charts(name, rows)


def _save(name: str, rows: Rows, axes: Any) -> None:
    """Write one chart, with the machine and the text under it."""
    about = rows[0]
    facts = (
        f"{about['cpu']}, {about['cores']} cores",
        about["text"],
        f"w2v_fast {about['w2v_fast']}, commit {about['commit']}",
        about["date"][:10],
    )
    axes.figure.text(0.01, 0.005, "; ".join(facts), fontsize=6, color="#555555")
    axes.figure.tight_layout(rect=(0, 0.03, 1, 1))
    axes.figure.savefig(RESULTS / f"{name}.svg", metadata={"Date": None})
    log(f"drew {RESULTS / name}.svg")


def _axes(height: float = 4.0) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(7, height)).subplots()


def _rate_bars(name: str, rows: Rows) -> None:
    """Median raw words a second of each configuration, and the range of its rounds."""
    rows = sorted(rows, key=lambda row: median(row["raw words/s"]))
    axes = _axes(1.2 + 0.3 * len(rows))
    for place, row in enumerate(rows):
        rates = [rate / 1e6 for rate in row["raw words/s"]]
        middle = median(rates)
        axes.barh(
            place,
            middle,
            color=OURS if row["trainer"] == "w2v_fast" else PEER,
            xerr=[[middle - min(rates)], [max(rates) - middle]],
            error_kw={"elinewidth": 1, "capsize": 2},
        )
        axes.text(max(rates), place, f" {middle:.3g}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row["label"] for row in rows])
    axes.set_xlabel("million raw words/s of training")
    axes.grid(axis="y", visible=False)
    _save(name, rows, axes)


def _throughput(name: str, rows: Rows) -> None:
    _rate_bars(name, rows)
    for option in CURVES:
        if len({row["options"].get(option) for row in rows}) > 1:
            _curves(name, rows, option)


def _curves(name: str, rows: Rows, option: str) -> None:
    """Rates over one option, a curve for each combination of the others."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        others = {key: value for key, value in row["options"].items() if key != option}
        varied = [
            f"{key} {value}"
            for key, value in others.items()
            if len({json.dumps(other["options"].get(key)) for other in rows}) > 1
        ]
        place = row["vocabulary"] if option == "max_vocab" else row["options"][option]
        curves.setdefault(", ".join([row["trainer"], *varied]), []).append(
            (place, median(row["raw words/s"]) / 1e6)
        )
    axes = _axes()
    for label, points in curves.items():
        if len(points) > 1:
            axes.plot(
                *zip(*sorted(points), strict=True),
                marker="o",
                label=label,
                linestyle="-" if label.startswith("w2v_fast") else "--",
            )
    if option == "max_vocab":
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(CURVES[option])
    axes.set_ylabel("million raw words/s of training")
    axes.legend(fontsize=7)
    _save(f"{name}-{option}", rows, axes)


def _vocabulary(name: str, rows: Rows) -> None:
    """Rates over the size of the vocabulary, a curve for each dimension."""
    axes = _axes()
    for number, dimension in enumerate(sorted({row["d"] for row in rows})):
        points = [
            (row["vocabulary"], median(row["raw words/s"]) / 1e6)
            for row in rows
            if row["d"] == dimension
        ]
        axes.plot(
            *zip(*sorted(points), strict=True),
            marker="o",
            color=f"C{number}",
            label=f"d = {dimension}",
        )
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("words in the vocabulary")
    axes.set_ylabel(f"million raw words/s, {rows[0]['workers']} workers")
    axes.legend(fontsize=8)
    _save(name, rows, axes)


def _scaling(name: str, rows: Rows) -> None:
    """How many times as fast as one worker: measured on these cores, and what the model expects of more cores."""
    axes = _axes()
    model = [
        (row["cores of the model"], row["times 1 core"]) for row in rows if row["kind"] == "model"
    ]
    if model:
        axes.plot(
            *zip((1, 1), *model, strict=True),
            marker=".",
            linestyle="--",
            color=PEER,
            label="model, n cores",
        )
        axes.plot(
            [1, model[-1][0]],
            [1, model[-1][0]],
            color="#cccccc",
            linewidth=1,
            linestyle=":",
            label="n times",
        )
    runs = [row for row in rows if row["kind"] == "measured"]
    threads = [
        (row["workers"], median(row["times 1 worker"])) for row in runs if "own" not in row["run"]
    ]
    axes.plot(
        *zip(*threads, strict=True),
        marker="o",
        color=OURS,
        label=f"measured, n workers on {rows[0]['cores']} cores",
    )
    for row in runs:
        if "own" in row["run"]:
            axes.plot(
                row["workers"], median(row["times 1 worker"]), "k^", markersize=5, label=row["run"]
            )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("workers, or cores")
    axes.set_ylabel("speed, times that of one worker")
    axes.legend(fontsize=7)
    _save(name, rows, axes)


def _history(name: str, rows: Rows) -> None:
    """Nanoseconds of a kept word, step by step."""
    axes = _axes(1.2 + 0.3 * len(rows))
    for place, row in enumerate(reversed(rows)):
        middle = median(row["ns a kept word"])
        axes.barh(place, middle, color=OURS if "w2v_fast" in row["run"] else PEER)
        axes.text(middle, place, f" {middle:.0f}", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [row["run"] for row in reversed(rows)])
    axes.set_xscale("log")
    axes.set_xlabel("nanoseconds a kept word, one thread")
    axes.grid(axis="y", visible=False)
    _save(name, rows, axes)


def _quality(name: str, rows: Rows) -> None:
    """Mean scores of each configuration, every seed as a point."""
    runs = list(dict.fromkeys(row["run"] for row in rows))
    axes = _axes()
    width = 0.8 / len(runs)
    for number, run in enumerate(runs):
        for place, score in enumerate(QUALITY):
            values = [row[score] for row in rows if row["run"] == run]
            at = place + (number - (len(runs) - 1) / 2) * width
            axes.bar(
                at,
                mean(values),
                width * 0.9,
                color=f"C{number}",
                alpha=0.75,
                label=run if place == 0 else None,
            )
            axes.plot([at] * len(values), values, "k.", markersize=3)
    axes.set_xticks(
        range(len(QUALITY)), ["WordSim-353, rho", "SimLex-999, rho", "analogies, share right"]
    )
    axes.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2)
    _save(name, rows, axes)


def _roofline(name: str, rows: Rows) -> None:
    """What all cores can do at so many operations a byte from memory, and where training stands with no row cached."""
    place = [row["place"] for row in rows if row["kind"] == "copy"][-1]
    copy = (
        median(
            median(row["bytes/s"])
            for row in rows
            if row["kind"] == "copy" and row["place"] == place
        )
        / 1e9
    )
    trained = [row for row in rows if row["kind"] == "training"]
    most = max(row["workers"] for row in trained)
    axes = _axes()
    for number, row in enumerate(
        row for row in rows if row["kind"] == "peak" and row["place"] == place
    ):
        peak, color = median(row["FLOP/s"]) / 1e9, f"C{number}"
        intensities = [0.25, peak / copy, 64]
        axes.plot(
            intensities,
            [min(peak, copy * x) for x in intensities],
            color=color,
            label=f"{row['isa']}: {peak:.0f} GFLOP/s",
        )
        for point in trained:
            if point["isa"] == row["isa"] and point["workers"] == most:
                at = (
                    point["flops of a word"] / point["bytes of a word"],
                    median(point["FLOP/s"]) / 1e9,
                )
                axes.plot(*at, "o", color=color)
                axes.annotate(
                    f"d={point['d']}", at, xytext=(5, -3), textcoords="offset points", fontsize=7
                )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("operations a byte, if no row were in a cache")
    axes.set_ylabel(f"GFLOP/s, {place} ({most} workers); slope: copy, {copy:.0f} GB/s")
    axes.legend(fontsize=7, loc="lower right")
    _save(name, rows, axes)


CHARTS: dict[str | None, Callable[[str, Rows], None]] = {
    "throughput": _throughput,
    "compare": _rate_bars,
    "quality": _quality,
    "roofline": _roofline,
    "vocabulary": _vocabulary,
    "scaling": _scaling,
    "history": _history,
}


def main() -> None:
    for path in sorted(RESULTS.glob("*.jsonl")):
        draw(path.stem)


if __name__ == "__main__":
    main()
