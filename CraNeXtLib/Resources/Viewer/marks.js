// What is drawn over the view: side letters, scale bar, the ruler, and a ring around the place that one asked for.

const SVG = "http://www.w3.org/2000/svg";
const LENGTHS_MM = [1, 2, 5, 10, 20, 50, 100, 200];
const BAR_PIXELS = 130; // at most

export function drawMarks(view, camera, ruler, place) {
  for (const [edge, letters] of Object.entries(camera.letters)) {
    view.querySelector(`.letter.${edge}`).textContent = letters;
  }
  drawScale(view.querySelector(".scale"), camera);
  const marks = view.querySelector(".marks");
  marks.replaceChildren();
  if (place) add(marks, "circle", { ...at(camera, place, "c"), r: 13, class: "ring" });
  if (ruler.points.length === 2) {
    const [a, b] = ruler.points.map((point) => camera.toView(point));
    add(marks, "line", { x1: a[0], y1: a[1], x2: b[0], y2: b[1] });
    add(marks, "text", { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 - 10 }).textContent = `${ruler.mm.toFixed(1)} mm`;
  }
  for (const point of ruler.points) add(marks, "circle", { ...at(camera, point, "c"), r: 4 });
}

function drawScale(scale, camera) {
  const mm = LENGTHS_MM.filter((length) => length / camera.pixelMm <= BAR_PIXELS).pop() ?? LENGTHS_MM[0];
  scale.querySelector("i").style.width = `${mm / camera.pixelMm}px`;
  scale.querySelector("span").textContent = `${mm} mm`;
}

function at(camera, point, prefix) {
  const [x, y] = camera.toView(point);
  return { [`${prefix}x`]: x, [`${prefix}y`]: y };
}

function add(parent, name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}
