// The legend of a map: its colors with their distances in mm.

const TICKS = 5;

export function drawLegend(element, map) {
  element.hidden = !map;
  if (!map) return;
  const { low, high, stops, colors } = map;
  const percent = (mm) => (100 * (mm - low)) / (high - low);
  const css = (color) => `rgb(${color.map((c) => Math.round(255 * c)).join(" ")})`;
  const parts = stops.map((mm, stop) => `${css(colors[stop])} ${percent(mm)}%`);
  element.querySelector(".bar").style.background = `linear-gradient(to right, ${parts.join(", ")})`;
  element.querySelector(".text").textContent = map.text;
  const step = (high - low) / (TICKS - 1);
  const labels = Array.from({ length: TICKS }, (_, tick) => (low + tick * step).toFixed(2));
  // Signs say that values lie beyond an end.
  if (map.beyond[0]) labels[0] = `< ${labels[0]}`;
  if (map.beyond[1]) labels[TICKS - 1] = `> ${labels[TICKS - 1]}`;
  element.querySelector(".ticks").replaceChildren(
    ...labels.map((label) => Object.assign(document.createElement("span"), { textContent: label })),
  );
}
