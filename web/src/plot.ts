// A script of its own, since it is most of the page's code: see plot-loader.ts.
import createScatterplot, { createRenderer } from "regl-scatterplot";

globalThis.plotting = { createScatterplot, createRenderer };
