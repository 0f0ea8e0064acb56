// An orthographic camera that looks at the head, as pictures/camera.py does.

import { cross, dot, plus, unit } from "./vectors.js";

const ALONG_AXIS = 0.8;
const NOTABLE = 0.35;

export class Camera {
  /** It shows so many mm of the head's surroundings, around a RAS point. */
  constructor(center, heightMm) {
    this.center = center;
    this.heightMm = heightMm;
    this.size = [1, 1]; // of the view in CSS pixels
    this.lookFrom([0, 1, 0]);
  }

  /** Look from a RAS direction; as in the still pictures, the face is up, seen from above or below, or else the top. */
  lookFrom(side) {
    const toward = unit(side);
    const top = Math.abs(toward[2]) < ALONG_AXIS ? [0, 0, 1] : [0, 1, 0];
    this.toward = toward;
    this.up = unit(plus(top, toward, -dot(top, toward)));
    this.right = cross(this.up, this.toward);
  }

  /** Turn around the axis from feet to top, and over the head; angles of the viewer in radians. */
  turn(around, over) {
    const [sin, cos] = [Math.sin(around), Math.cos(around)];
    const spun = ([r, a, s]) => [cos * r - sin * a, sin * r + cos * a, s];
    const [right, up, toward] = [spun(this.right), spun(this.up), spun(this.toward)];
    this.toward = unit(plus(toward.map((value) => value * Math.cos(over)), up, Math.sin(over)));
    this.right = unit(plus(right, this.toward, -dot(right, this.toward)));
    this.up = cross(this.toward, this.right);
  }

  get pixelMm() {
    return this.heightMm / Math.min(this.size[0], this.size[1]);
  }

  /** Move the head by CSS pixels. */
  pan(across, down) {
    const { right, up } = this;
    this.center = plus(plus(this.center, right, -across * this.pixelMm), up, down * this.pixelMm);
  }

  /** Magnify; the place under a point of the view, in CSS pixels from its upper left, stays there. */
  zoom(factor, point = this.size.map((side) => side / 2)) {
    const before = this.pixelMm;
    this.heightMm = Math.max(5, Math.min(1000, this.heightMm / factor));
    const grown = 1 - this.pixelMm / before;
    const { right, up } = this;
    const across = (point[0] - this.size[0] / 2) * before * grown;
    const down = (point[1] - this.size[1] / 2) * before * grown;
    this.center = plus(plus(this.center, right, across), up, -down);
  }

  /** Return where a RAS point is in the view, in CSS pixels from its upper left. */
  toView(point) {
    const { right, up } = this;
    const offset = plus(point, this.center, -1);
    return [this.size[0] / 2 + dot(offset, right) / this.pixelMm, this.size[1] / 2 - dot(offset, up) / this.pixelMm];
  }

  /** Return the anatomical directions at the left, right, top and bottom edges, such as "R" or, oblique, "RA". */
  get letters() {
    const { right, up } = this;
    return { left: letters(right, -1), right: letters(right, 1), top: letters(up, 1), bottom: letters(up, -1) };
  }
}

function letters(direction, end) {
  return [0, 1, 2]
    .filter((axis) => Math.abs(direction[axis]) > NOTABLE)
    .sort((a, b) => Math.abs(direction[b]) - Math.abs(direction[a]))
    .map((axis) => (end * direction[axis] > 0 ? "RAS" : "LPI")[axis])
    .join("");
}
