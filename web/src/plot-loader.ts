// Loads what draws the points after the page has painted for the first time.
import type { default as createScatterplot, createRenderer } from "regl-scatterplot";
import { el } from "./ui";

export type Scatterplot = ReturnType<typeof createScatterplot>;

interface Plotting {
  createScatterplot: typeof createScatterplot;
  createRenderer: typeof createRenderer;
}

declare global {
  var plotting: Plotting | undefined;
}

const PATIENCE = 1000; // ms; a page in the background is not painted

/** Until the page is on the screen: a graphics context that is made meanwhile delays it. */
function painted(): Promise<unknown> {
  const paint = new Promise((resolve) => new PerformanceObserver(resolve).observe({ type: "paint", buffered: true }));
  return Promise.race([paint, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
}

/** A self-contained page has the script inside. */
export async function loadPlot(): Promise<Plotting> {
  await painted();
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
