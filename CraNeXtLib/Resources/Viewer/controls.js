// The form below the view: which surfaces, which map, the cut, the sides, the ruler.

const STATES = ["shown", "faded", "hidden"];
export const SIDES = {
  R: ["right", [1, 0, 0]],
  L: ["left", [-1, 0, 0]],
  A: ["front", [0, 1, 0]],
  P: ["back", [0, -1, 0]],
  S: ["top", [0, 0, 1]],
  I: ["below", [0, 0, -1]],
};
const PLANES = { "": "none", R: "sagittal", A: "coronal", S: "axial", view: "facing the view" };

/** Fill the form for a viewer, and return a function that shows the viewer's state in it. */
export function fillControls(form, viewer) {
  fillSurfaces(form.querySelector(".surfaces tbody"), viewer);
  fillMaps(form.querySelector(".maps"), viewer);
  fillSides(form.querySelector(".sides"), viewer);
  const cut = fillCut(form, viewer);
  const { ruler, measured } = form.elements;
  ruler.addEventListener("click", () => viewer.useRuler(!viewer.ruler.on));
  return () => {
    for (const { key } of viewer.shownSurfaces) form.elements[`surface-${key}`].value = viewer.states[key];
    form.elements.map.value = viewer.map?.key ?? "";
    ruler.setAttribute("aria-pressed", viewer.ruler.on);
    measured.textContent = viewer.ruler.mm === null ? "" : `${viewer.ruler.mm.toFixed(1)} mm`;
    cut();
  };
}

function fillSurfaces(body, viewer) {
  for (const { key, name, color } of viewer.shownSurfaces) {
    const row = body.insertRow();
    const head = made("th", { scope: "row", textContent: name });
    const swatch = made("i", { className: "swatch" });
    swatch.style.background = `rgb(${color.map((c) => Math.round(255 * c)).join(" ")})`;
    head.prepend(swatch);
    row.append(head);
    for (const state of STATES) {
      const radio = made("input", { type: "radio", name: `surface-${key}`, value: state });
      radio.ariaLabel = `${name} ${state}`;
      radio.addEventListener("change", () => viewer.setState(key, state));
      row.insertCell().append(radio);
    }
  }
}

function fillMaps(fieldset, viewer) {
  for (const { key, title } of [{ key: "", title: "nothing" }, ...viewer.maps]) {
    const label = made("label", {});
    const radio = made("input", { type: "radio", name: "map", value: key });
    radio.addEventListener("change", () => viewer.paint(key));
    label.append(radio, ` ${title}`);
    fieldset.append(label);
  }
}

function fillSides(fieldset, viewer) {
  for (const [letter, [name]] of Object.entries(SIDES)) {
    const button = made("button", { type: "button", textContent: letter, title: name, ariaLabel: `Look from ${name}` });
    button.addEventListener("click", () => viewer.look(letter));
    fieldset.append(button);
  }
  const first = made("button", { type: "button", textContent: "implant" });
  first.ariaLabel = "Look at the implant, the first view";
  first.addEventListener("click", () => viewer.reset());
  fieldset.append(first);
}

function fillCut(form, viewer) {
  const { plane, position, other, mm } = form.elements;
  plane.append(...Object.entries(PLANES).map(([value, textContent]) => made("option", { value, textContent })));
  for (const control of [plane, position, other]) {
    control.addEventListener("input", () => viewer.cutAt(plane.value, Number(position.value), other.checked));
  }
  return () => {
    position.disabled = other.disabled = !plane.value;
    const axis = plane.value ? "RAS".indexOf(plane.value) : -1;
    mm.textContent = viewer.cut && axis >= 0 ? `${plane.value} = ${viewer.cut.mm.toFixed(1)} mm` : "";
  };
}

function made(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}
