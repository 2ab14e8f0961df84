// Loads what draws the points after the page has painted for the first time.
import type createScatterplot from "regl-scatterplot";
import { el } from "./ui";

export type Scatterplot = ReturnType<typeof createScatterplot>;

declare global {
  var createScatterplot: typeof import("regl-scatterplot").default | undefined;
}

/** A self-contained page has the script inside. */
export async function loadPlot(): Promise<typeof createScatterplot> {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  if (!globalThis.createScatterplot) {
    const script = el("script", { src: "plot.js" });
    const loaded = new Promise((resolve, reject) => {
      script.onload = resolve;
      script.onerror = () => reject(new Error("plot.js did not load"));
    });
    document.head.append(script);
    await loaded;
  }
  return globalThis.createScatterplot!;
}
