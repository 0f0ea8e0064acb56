// A ruler between two points.

import { distance } from "./vectors.js";

export class Ruler {
  constructor() {
    this.points = [];
    this.on = false;
  }

  /** Set the next end; after two, a new measurement begins. */
  add(point) {
    if (this.points.length === 2) this.points = [];
    this.points.push(point);
  }

  /** The length in mm, or null. */
  get mm() {
    return this.points.length === 2 ? distance(...this.points) : null;
  }
}
