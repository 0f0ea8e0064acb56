// Turning, moving and magnifying by mouse and touch.

const TURN = 0.008; // radians per CSS pixel
const STILL = 4; // CSS pixels that a click may move

/** Call `changed` after the camera was moved, and `clicked` with the point of the view that was clicked or tapped. */
export function controlByPointer(canvas, camera, changed, clicked) {
  const pointers = new Map();
  let moved = 0;

  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, pointOf(event));
    canvas.setPointerCapture(event.pointerId);
  });

  canvas.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = pointOf(event);
    const [across, down] = [now[0] - before[0], now[1] - before[1]];
    moved += Math.hypot(across, down);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const apart = (point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]));
      camera.zoom(apart(now) / apart(before), [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2]);
      camera.pan(across / 2, down / 2);
    } else if (event.shiftKey || event.buttons & 6) {
      camera.pan(across, down);
    } else {
      camera.turn(-TURN * across, TURN * down);
    }
    pointers.set(event.pointerId, now);
    changed();
  });

  canvas.addEventListener("pointerup", (event) => {
    if (pointers.size === 1 && moved < STILL && event.button === 0) clicked(pointOf(event));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
  }
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());

  // The wheel scrolls the page until the view was clicked.
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return;
    event.preventDefault();
    camera.zoom(Math.exp(-0.0015 * event.deltaY), pointOf(event));
    changed();
  }, { passive: false });
}
