// Finds what lies under a point of the view.

import { dot, plus } from "./vectors.js";

/**
 * Return { surface, point, mm } of the nearest of the drawn surfaces under a point of the view, or null: the RAS point
 * in mm, and the map's distance there, NaN if it is unknown or there is no map. Faded surfaces let one reach what is
 * behind.
 */
export function picked(camera, drawn, cut, [across, down]) {
  const right = (across - camera.size[0] / 2) * camera.pixelMm;
  const up = (camera.size[1] / 2 - down) * camera.pixelMm;
  const start = plus(plus(camera.center, camera.right, right), camera.up, up);
  const hits = drawn.flatMap((one) => nearestHit(one, start, camera, cut));
  const solid = hits.filter((hit) => !hit.faded);
  return (solid.length ? solid : hits).reduce((best, hit) => (!best || hit.height > best.height ? hit : best), null);
}

/** Return the hit of the line through a point along the camera's axis that is nearest to the viewer, as a list. */
function nearestHit({ surface, faded, map }, start, camera, cut) {
  const { positions, corners, vertices } = surface;
  const across = new Float64Array(vertices), down = new Float64Array(vertices), height = new Float64Array(vertices);
  const [r, u, t] = [camera.right, camera.up, camera.toward];
  for (let vertex = 0, at = 0; vertex < vertices; vertex++, at += 3) {
    const x = positions[at] - start[0], y = positions[at + 1] - start[1], z = positions[at + 2] - start[2];
    across[vertex] = r[0] * x + r[1] * y + r[2] * z;
    down[vertex] = u[0] * x + u[1] * y + u[2] * z;
    height[vertex] = t[0] * x + t[1] * y + t[2] * z;
  }
  let best = null;
  for (let face = 0; face < corners.length; face += 3) {
    const a = corners[face], b = corners[face + 1], c = corners[face + 2];
    // The weights of the corners are the areas of the triangles opposite to them.
    const ofA = across[b] * down[c] - down[b] * across[c];
    const ofB = across[c] * down[a] - down[c] * across[a];
    const ofC = across[a] * down[b] - down[a] * across[b];
    if (!((ofA >= 0 && ofB >= 0 && ofC >= 0) || (ofA <= 0 && ofB <= 0 && ofC <= 0))) continue;
    const area = ofA + ofB + ofC;
    if (area === 0) continue;
    const hit = (ofA * height[a] + ofB * height[b] + ofC * height[c]) / area;
    if (best && hit <= best.height) continue;
    const point = plus(start, t, hit);
    if (cut && dot(point, cut.normal) > cut.offset) continue;
    const values = map && surface.values[map.key];
    const mm = values ? (ofA * values[a] + ofB * values[b] + ofC * values[c]) / area : NaN;
    best = { surface, faded, map, height: hit, point, mm };
  }
  return best ? [best] : [];
}
