// Turning, moving and magnifying by keys.

const TURN = Math.PI / 18;
const STEP = 24; // CSS pixels
const ZOOM = 1.2;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Actions: `look` from a side given by its letter, `reset`, `pick` what is in the middle, and `escape`. */
export function controlByKeys(canvas, camera, changed, actions) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (!handled(event)) return;
    event.preventDefault();
    changed();
  });

  function handled({ key, shiftKey }) {
    const arrow = ARROWS[key];
    if (arrow && shiftKey) camera.pan(STEP * arrow[0], STEP * arrow[1]);
    else if (arrow) camera.turn(-TURN * arrow[0], TURN * arrow[1]);
    else if (key === "+" || key === "=") camera.zoom(ZOOM);
    else if (key === "-") camera.zoom(1 / ZOOM);
    else if (/^[rlapsi]$/i.test(key)) actions.look(key.toUpperCase());
    else if (key === "Home" || key === "0") actions.reset();
    else if (key === "Enter") actions.pick();
    else if (key === "Escape") actions.escape();
    else return false;
    return true;
  }
}
