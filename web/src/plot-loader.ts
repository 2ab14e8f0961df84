// Loads what draws the points after the page has painted for the first time.
import type { default as createScatterplot, createRenderer } from "regl-scatterplot";
import { el, painted } from "./ui";

export type Scatterplot = ReturnType<typeof createScatterplot>;

interface Plotting {
  createScatterplot: typeof createScatterplot;
  createRenderer: typeof createRenderer;
}

declare global {
  var plotting: Plotting | undefined;
}

/** A self-contained page has the script inside. */
export async function loadPlot(): Promise<Plotting> {
  await painted;
  if (!globalThis.plotting) {
    const script = el("script", { src: "plot.js" });
    const loaded = new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error("plot.js did not load"));
    });
    document.head.append(script);
    await loaded;
  }
  return globalThis.plotting!;
}
