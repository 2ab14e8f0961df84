"""The figures of docs/objectives.md."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.charts import COLORS, panels
from benchmarks.charts import save as save_figure
from benchmarks.measure import ROOT, Row
from studies.objectives.measure import SETS, Matrix, Points, Samples, sigmoid
from w2v_fast.config import OBJECTIVES

FIGURES = ROOT / "docs" / "figures"


def figure(columns: int, height: float = 3.4, width: float = 4.2) -> tuple[Any, Any]:
    return panels(columns, width * columns, height)


def save(name: str, made: Any) -> None:
    FIGURES.mkdir(parents=True, exist_ok=True)
    save_figure(made, FIGURES / f"objectives-{name}.svg")


def draw_forces() -> None:
    """No measurement: the derivatives of the losses."""
    made, (axes,) = figure(1, width=5)
    x = np.linspace(-6, 6, 241)
    axes.plot(x, sigmoid(x), color=COLORS["ns"], label="false pair, logistic: sigmoid(u.v)")
    axes.plot(
        x, np.clip(x, -1.2, 1.2), color=COLORS["softmax"], label="false pair, target zero: u.v"
    )
    axes.plot(x, -sigmoid(-x), color=COLORS["nce"], label="true pair, logistic: -sigmoid(-u.v)")
    axes.set(xlabel="u.v (nats)", ylabel="derivative of the loss by u.v", ylim=(-1.2, 1.2))
    axes.axhline(0, color="#666666", linewidth=0.8)
    axes.legend(fontsize=7, loc="lower right")
    save("forces", made)


def draw_gradients(rows: list[Row]) -> None:
    made, panels = figure(2)
    for axes, name in zip(panels, ("softmax", "nce"), strict=True):
        for objective, color in (
            ("NCE, exact Z", "#0f766e"),
            ("NCE, Z = 1", COLORS["nce"]),
            ("NS", COLORS["ns"]),
        ):
            points = [(row["k"], row[objective]) for row in rows if row["model"] == name]
            axes.plot(*zip(*points, strict=True), marker="o", color=color, label=objective)
        axes.set(
            xscale="log",
            ylim=(min(0.0, axes.get_ylim()[0]), 1.05),
            xlabel="noise words k",
            title=f"at a model trained with {name}",
        )
    panels[0].set_ylabel("cosine to the softmax's gradient")
    panels[0].legend(fontsize=8)
    save("gradients", made)


def scatter(axes: Any, points: Points, color: str, x: str, y: str) -> None:
    axes.scatter(*points, s=3, alpha=0.4, color=color, linewidths=0, rasterized=True)
    ends = [min(points[0].min(), points[1].min()), max(points[0].max(), points[1].max())]
    axes.plot(ends, ends, color="#333333", linewidth=1, linestyle=":", label="y = x")
    axes.set(xlabel=x, ylabel=y)
    axes.legend(fontsize=8)


def draw_learned(ns: Any, nce: Any, log_z: dict[str, Matrix]) -> None:
    made, panels = figure(3, width=3.6)
    scatter(panels[0], ns, COLORS["ns"], "PMI - log k (nats)", "u.v of ns (nats)")
    scatter(panels[1], nce, COLORS["nce"], "softmax's log p (nats)", "u.v of nce (nats)")
    for name, values in log_z.items():
        panels[2].hist(
            values[:, 0],
            bins=80,
            histtype="step",
            density=True,
            color=COLORS[name.split()[0]],
            label=name,
            linestyle="--" if "+" in name else "-",
        )
    panels[2].set(
        xlabel="log Z of a center (nats)", ylabel="share of centers, per nat", yscale="log"
    )
    panels[2].legend(fontsize=8)
    save("learned", made)


def draw_scores(quantities: dict[str, Matrix], samples: Samples) -> None:
    made, panels = figure(len(quantities), width=3.2)
    for axes, (name, values) in zip(panels, quantities.items(), strict=True):
        for kind, color in zip(samples, ("#2a9d5c", "#b8860b", "#c2410c"), strict=True):
            axes.hist(
                values[samples[kind]],
                bins=100,
                histtype="step",
                density=True,
                color=color,
                label=kind,
            )
        axes.axvline(0, color="#333333", linewidth=0.8)
        axes.set_xlabel(f"{name} (nats)")
    panels[0].set_ylabel("share of pairs, per nat")
    panels[0].legend(fontsize=8, title="pairs", title_fontsize=8)
    save("scores", made)


def draw_zero(curve: list[Row], products: dict[str, Matrix], samples: Samples) -> None:
    made, panels = figure(3, width=3.6)
    names = list(products)
    colors = dict(zip(names, (COLORS["ns"], "#d97706", "#c2410c", "#7f1d1d"), strict=True))
    for axes, score in zip(panels, ("WordSim-353", "analogies"), strict=False):
        for name in names:
            points = [(row["step"], row[score]) for row in curve if row["false pairs"] == name]
            axes.plot(
                *zip(*points, strict=True), marker="o", markersize=3, color=colors[name], label=name
            )
        axes.set(
            xlabel="steps over all pairs",
            ylabel=f"{score}, {'share right' if score == 'analogies' else 'rho'}",
        )
    for name in names:
        panels[2].hist(
            products[name][samples["never seen"]],
            bins=120,
            histtype="step",
            density=True,
            color=colors[name],
        )
    panels[2].set(
        xlabel="u.v of pairs never seen (nats)", ylabel="share of pairs, per nat", yscale="log"
    )
    panels[0].legend(fontsize=7, title="false pairs", title_fontsize=7)
    save("zero", made)


def draw_cosines(found: dict[str, Any]) -> None:
    made, panels = figure(len(found), width=3.6)
    for axes, (name, values) in zip(panels, found.items(), strict=True):
        for (space, value), color in zip(
            values.items(), ("#1f6fb4", "#7c3aed", "#c2410c"), strict=True
        ):
            axes.hist(value, bins=100, histtype="step", density=True, color=color, label=space)
        axes.axvline(0, color="#333333", linewidth=0.8)
        axes.set(xlabel="cosine of words never seen together", title=name)
    panels[0].set_ylabel("share of pairs, per unit of cosine")
    panels[0].legend(fontsize=8)
    save("cosines", made)


def draw_quality(equal_words: list[Row], equal_time: list[Row]) -> None:
    made, panels = figure(len(SETS), width=3.4)
    for axes, score in zip(panels, SETS, strict=True):
        for offset, rows, color, label in (
            (-0.2, equal_words, "#64748b", "equal words"),
            (0.2, equal_time, "#1f6fb4", "equal time"),
        ):
            for x, objective in enumerate(OBJECTIVES):
                values = [row[score] for row in rows if row["objective"] == objective]
                if values:
                    axes.bar(
                        x + offset,
                        np.mean(values),
                        0.36,
                        color=color,
                        label=label if x == 0 else None,
                    )
                    axes.plot([x + offset] * len(values), values, "k.", markersize=3)
        axes.set_xticks(range(len(OBJECTIVES)), OBJECTIVES)
        axes.set_ylabel(f"{score}, {'share right' if score == 'analogies' else 'rho'}")
    panels[0].legend(fontsize=8)
    save("quality", made)
