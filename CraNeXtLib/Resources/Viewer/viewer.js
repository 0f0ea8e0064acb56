// The scene of the report: skull, implant and maps, in place of the still picture.

import { Camera } from "./camera.js";
import { fillControls, SIDES } from "./controls.js";
import { controlByKeys } from "./key_control.js";
import { drawLegend } from "./legend.js";
import { drawMarks } from "./marks.js";
import { decompressed, unpackedSurfaces } from "./packed_meshes.js";
import { picked } from "./picking.js";
import { linkPlaces } from "./places.js";
import { controlByPointer } from "./pointer_control.js";
import { Renderer } from "./renderer.js";
import { Ruler } from "./ruler.js";
import { dot, plus, unit } from "./vectors.js";

const CLOSE_MM = 90; // what is shown around a place
const ON_SURFACE_MM = 1; // about a cell in which vertices became one
const COMPLETE = { key: "complete", name: "Complete skull", made_of: ["skull", "implant"] };

class Viewer {
  constructor(element, scene, surfaces) {
    this.element = element;
    this.scene = scene;
    this.maps = scene.maps;
    this.surfaces = new Map(surfaces.map((surface) => [surface.key, surface]));
    const whole = COMPLETE.made_of.every((key) => this.surfaces.has(key));
    const skull = surfaces.find(({ key }) => key === "skull");
    this.shownSurfaces = [...surfaces, ...(whole ? [{ ...COMPLETE, color: skull.color }] : [])];
    this.states = Object.fromEntries(this.shownSurfaces.map(({ key, state }) => [key, state ?? "hidden"]));
    this.map = null;
    this.askedCut = null;
    this.place = null;
    this.ruler = new Ruler();
    this.view = element.querySelector(".view");
    this.canvas = this.view.querySelector("canvas");
    this.status = element.querySelector(".status");
    this.view.querySelector(".use").textContent = `Case ${scene.case}. ${scene.notice}`;
    this.radiusMm = radiusAround(scene.middle, surfaces);
    this.camera = new Camera([...scene.middle], 2 * this.radiusMm);
    this.renderer = new Renderer(this.canvas, surfaces);
    this.showState = fillControls(element.querySelector("form"), this);
    const changed = () => this.changed();
    controlByPointer(this.canvas, this.camera, changed, (point) => this.pick(point));
    controlByKeys(this.canvas, this.camera, changed, {
      look: (letter) => this.look(letter),
      reset: () => this.reset(),
      pick: () => this.pick(this.camera.size.map((side) => side / 2)),
      escape: () => this.useRuler(false),
    });
    this.reset();
    new ResizeObserver(changed).observe(this.canvas);
    linkPlaces(this);
  }

  /** What is drawn now, see Renderer.draw. */
  get drawn() {
    const drawn = [];
    for (const [key, surface] of this.surfaces) {
      const [map, state] = [this.map?.surface === key ? this.map : null, this.states[key]];
      if (state !== "hidden") drawn.push({ surface, color: surface.color, faded: state === "faded", map });
    }
    if (this.states.complete && this.states.complete !== "hidden") {
      const color = this.surfaces.get("skull").color;
      for (const key of COMPLETE.made_of.filter((part) => this.states[part] !== "shown")) {
        drawn.push({ surface: this.surfaces.get(key), color, faded: this.states.complete === "faded", map: null });
      }
    }
    return drawn.reverse(); // the skull last, through which one looks at the others
  }

  /** The drawn surfaces of implants. */
  get parts() {
    return this.drawn.map(({ surface }) => surface).filter(({ key }) => key !== "skull" && key !== "template");
  }

  /** Draw anew, once before the screen shows its next picture. */
  changed() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.draw();
    });
  }

  draw() {
    this.camera.size = [this.canvas.clientWidth, this.canvas.clientHeight];
    this.renderer.draw(this.camera, this.drawn, this.cut, this.scene.unmeasured);
    drawMarks(this.view, this.camera, this.ruler, this.place);
    this.showState();
  }

  setState(key, state) {
    this.states[key] = state;
    if (this.map?.surface === key && state === "hidden") this.paint("");
    this.changed();
  }

  /** Paint a map on its surface, which is shown in place of the other parts; an empty name takes the colors away. */
  paint(key) {
    this.map = this.maps.find((map) => map.key === key) ?? null;
    if (this.map) {
      const painted = [...new Set(this.maps.map(({ surface }) => surface))];
      for (const surface of painted) this.states[surface] = surface === this.map.surface ? "shown" : "hidden";
    }
    drawLegend(this.view.querySelector(".legend"), this.map);
    this.changed();
  }

  /** Cut along a plane, or none, at a fraction of the head's extent; keep what lies below it, or above. */
  cutAt(plane, fraction, other) {
    this.askedCut = plane ? { plane, fraction, other } : null;
    this.changed();
  }

  /** The cut as Renderer.draw takes it, with its position in mm along the axis, or null. */
  get cut() {
    if (!this.askedCut) return null;
    const { plane, fraction, other } = this.askedCut;
    const axis = { R: [1, 0, 0], A: [0, 1, 0], S: [0, 0, 1], view: this.camera.toward }[plane];
    const mm = dot(this.scene.middle, axis) + (2 * fraction - 1) * this.radiusMm;
    const side = other ? -1 : 1;
    return { normal: axis.map((value) => side * value), offset: side * mm, mm };
  }

  look(letter) {
    this.camera.lookFrom(SIDES[letter][1]);
    this.changed();
  }

  /** Look at the implant, the whole head in view. */
  reset() {
    this.camera.center = [...this.scene.middle];
    this.camera.heightMm = 2 * this.radiusMm;
    this.camera.lookFrom(this.scene.facing ?? [0, 1, 0]);
    this.place = null;
    this.status.textContent = "";
    this.changed();
  }

  /** Show a place, and a map or none: from outside or, on the inner side of a part, from inside the head. */
  goTo(place, map, name) {
    this.paint(map);
    const outward = plus(place, this.scene.middle, -1);
    const inner = dot(normalAt(place, this.parts), unit(outward)) < -0.5;
    if (inner && this.states.skull === "shown") this.states.skull = "faded";
    this.place = place;
    this.camera.center = [...place];
    this.camera.heightMm = CLOSE_MM;
    this.camera.lookFrom(outward.map((value) => (inner ? -value : value)));
    this.status.textContent = `${name} ${placeText(place)}`;
    this.changed();
  }

  useRuler(on) {
    this.ruler.on = on;
    this.ruler.points = [];
    this.status.textContent = on ? "Click two points of the surfaces, or aim the cross and press Enter twice." : "";
    this.changed();
  }

  /** Say what is under a point of the view, or set an end of the ruler there. */
  pick(point) {
    const hit = picked(this.camera, this.drawn, this.cut, point);
    if (!hit) {
      this.status.textContent = "Nothing is there.";
      return;
    }
    if (this.ruler.on) this.ruler.add(hit.point);
    const value = Number.isNaN(hit.mm) ? "" : `, ${this.map.title.toLowerCase()} ${hit.mm.toFixed(2)} mm`;
    const length = this.ruler.mm === null ? "" : `, ${this.ruler.mm.toFixed(1)} mm from the other end`;
    this.status.textContent = `${hit.surface.name} at ${placeText(hit.point)}${value}${length}`;
    this.changed();
  }
}

function placeText(point) {
  return `RAS ${point.map((value) => value.toFixed(1)).join(", ")} mm`;
}

/** Return the normal of the vertex nearest to a point, or zeros if the point lies on none of the surfaces. */
function normalAt(point, surfaces) {
  let nearest = ON_SURFACE_MM ** 2, normal = [0, 0, 0];
  for (const { positions, normals } of surfaces) {
    for (let at = 0; at < positions.length; at += 3) {
      const x = positions[at] - point[0], y = positions[at + 1] - point[1], z = positions[at + 2] - point[2];
      const apart = x * x + y * y + z * z;
      if (apart < nearest) {
        nearest = apart;
        normal = [...normals.subarray(at, at + 3)];
      }
    }
  }
  return normal;
}

/** Return how far the skull and the parts reach from a point. */
function radiusAround(point, surfaces) {
  let largest = 0;
  for (const { key, positions } of surfaces) {
    if (key === "template") continue;
    for (let at = 0; at < positions.length; at += 3) {
      const x = positions[at] - point[0], y = positions[at + 1] - point[1], z = positions[at + 2] - point[2];
      const apart = x * x + y * y + z * z;
      if (apart > largest) largest = apart;
    }
  }
  return Math.sqrt(largest);
}

async function start() {
  const opening = document.getElementById("opening");
  const scene = JSON.parse(document.getElementById("scene-description").textContent);
  const bytes = await decompressed(document.getElementById("scene-meshes").textContent);
  const element = document.getElementById("scene-markup").content.cloneNode(true).firstElementChild;
  opening.append(element);
  try {
    const viewer = new Viewer(element, scene, unpackedSurfaces(scene.surfaces, scene.code, bytes));
    opening.classList.add("live");
    viewer.draw();
    viewer.canvas.addEventListener("webglcontextlost", () => {
      opening.classList.remove("live");
      element.remove();
    });
  } catch (error) {
    element.remove(); // the still picture remains
    throw error;
  }
  document.documentElement.dataset.readyMs = Math.round(performance.now());
}

start();
