// Draws surfaces with WebGL 2.

import { FRAGMENT_SHADER, VERTEX_SHADER } from "./shaders.js";

const BACKGROUND = [0.97, 0.97, 0.98];
const FADED = 0.28;
const DEPTH_MM = 1000; // surfaces farther than this from the camera's center are not seen

export class Renderer {
  /** Surfaces as in packed_meshes.js. Raises an error if the browser has no WebGL 2. */
  constructor(canvas, surfaces) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
    if (!gl) throw new Error("This browser has no WebGL 2.");
    this.gl = gl;
    this.program = linked(gl);
    gl.useProgram(this.program);
    const location = (known, name) => (known[name] ??= gl.getUniformLocation(this.program, name));
    this.uniforms = new Proxy({}, { get: location });
    this.buffers = new Map(surfaces.map((surface) => [surface.key, this.#uploaded(surface)]));
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    gl.clearColor(...BACKGROUND, 1);
  }

  /**
   * Draw the drawn surfaces: { surface, color, faded, map }, with the map's description, or null for the plain color.
   * The cut is { normal, offset } in RAS mm or null.
   */
  draw(camera, drawn, cut, unmeasured) {
    const { gl, uniforms } = this;
    this.#fit(camera);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix4fv(uniforms.view, false, viewMatrix(camera));
    const [down, away] = [camera.up, camera.toward].map((axis) => axis.map((value) => -value));
    gl.uniformMatrix3fv(uniforms.cameraAxes, true, [...camera.right, ...down, ...away]);
    gl.uniform1i(uniforms.isCut, cut ? 1 : 0);
    if (cut) gl.uniform4f(uniforms.cut, ...cut.normal, cut.offset);
    gl.uniform3fv(uniforms.unmeasured, unmeasured);
    for (const one of drawn.filter(({ faded }) => !faded)) this.#drawOne(one, 1);
    // Of a faded surface only the nearest side is seen: its depths are drawn first, then its color where they are.
    for (const one of drawn.filter(({ faded }) => faded)) {
      gl.colorMask(false, false, false, false);
      this.#drawOne(one, 1);
      gl.colorMask(true, true, true, true);
      gl.enable(gl.BLEND);
      this.#drawOne(one, FADED);
      gl.disable(gl.BLEND);
    }
  }

  #drawOne({ surface, color, map }, opacity) {
    const { gl, uniforms } = this;
    const buffers = this.buffers.get(surface.key);
    gl.bindVertexArray(buffers.array);
    gl.uniform3fv(uniforms.color, color);
    gl.uniform1f(uniforms.opacity, opacity);
    gl.uniform1i(uniforms.painted, map ? 1 : 0);
    if (map) {
      this.#paint(surface, buffers, map.key);
      const last = map.stops.length - 1;
      gl.uniform3f(uniforms.stops, map.stops[0], map.stops[1], map.stops[last]);
      gl.uniform3fv(uniforms.stopColors, [map.colors[0], map.colors[1], map.colors[last]].flat());
    }
    gl.drawElements(gl.TRIANGLES, surface.corners.length, gl.UNSIGNED_INT, 0);
  }

  /** Bring a map's values to the graphics card, unless they are there. */
  #paint(surface, buffers, key) {
    if (buffers.painted === key) return;
    const { gl } = this;
    const values = new Float32Array(2 * surface.values[key].length);
    surface.values[key].forEach((mm, vertex) => {
      if (!Number.isNaN(mm)) values.set([mm, 1], 2 * vertex);
    });
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers.values);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    buffers.painted = key;
  }

  #uploaded(surface) {
    const { gl } = this;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    for (const [name, numbers] of [["position", surface.positions], ["normal", surface.normals]]) {
      this.#attribute(name, 3);
      gl.bufferData(gl.ARRAY_BUFFER, numbers, gl.STATIC_DRAW);
    }
    const values = this.#attribute("value", 2);
    gl.bufferData(gl.ARRAY_BUFFER, 8 * surface.vertices, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, surface.corners, gl.STATIC_DRAW);
    return { array, values, painted: null };
  }

  #attribute(name, size) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    const location = gl.getAttribLocation(this.program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, size, gl.FLOAT, false, 0, 0);
    return buffer;
  }

  /** Give the picture as many pixels as the screen has for it. */
  #fit(camera) {
    const density = Math.min(window.devicePixelRatio, 2);
    const [width, height] = camera.size.map((side) => Math.max(1, Math.round(side * density)));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.gl.viewport(0, 0, width, height);
  }
}

/** Return the matrix from RAS mm to the view's cube from -1 to 1, column by column. */
function viewMatrix(camera) {
  const scales = [2 / (camera.size[0] * camera.pixelMm), 2 / (camera.size[1] * camera.pixelMm), -1 / DEPTH_MM];
  const rows = [camera.right, camera.up, camera.toward].map((axis, row) => [
    ...axis.map((value) => value * scales[row]),
    -scales[row] * axis.reduce((sum, value, at) => sum + value * camera.center[at], 0),
  ]);
  rows.push([0, 0, 0, 1]);
  return [0, 1, 2, 3].flatMap((column) => rows.map((row) => row[column]));
}

function linked(gl) {
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  return program;
}
