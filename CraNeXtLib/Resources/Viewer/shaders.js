// The programs that the graphics card runs. The light is that of pictures/lighting.py.

export const VERTEX_SHADER = `#version 300 es
uniform mat4 view;
in vec3 position;
in vec3 normal;
in vec2 value;  // distance in mm, 0 where it is unknown, and whether it is known
out vec3 place;
out vec3 smoothNormal;
out vec2 distanceMm;

void main() {
  place = position;
  smoothNormal = normal;
  distanceMm = value;
  gl_Position = view * vec4(position, 1.0);
}`;

export const FRAGMENT_SHADER = `#version 300 es
precision highp float;
uniform mat3 cameraAxes;  // from RAS to right, down, away from the viewer
uniform vec4 cut;  // what lies beyond this plane is not drawn
uniform bool isCut;
uniform vec3 color;
uniform float opacity;
uniform bool painted;
uniform vec3 stops;
uniform vec3 stopColors[3];
uniform vec3 unmeasured;
in vec3 place;
in vec3 smoothNormal;
in vec2 distanceMm;
out vec4 pixel;

vec3 mapColor() {
  if (distanceMm.y < 0.5) return unmeasured;
  float mm = distanceMm.x / distanceMm.y;
  float first = clamp((mm - stops.x) / max(stops.y - stops.x, 1e-6), 0.0, 1.0);
  float second = clamp((mm - stops.y) / max(stops.z - stops.y, 1e-6), 0.0, 1.0);
  return mix(mix(stopColors[0], stopColors[1], first), stopColors[2], second);
}

void main() {
  if (isCut && dot(place, cut.xyz) > cut.w) discard;
  vec3 flatNormal = normalize(cross(dFdx(place), dFdy(place)));
  // Both sides of a thin wall may be one surface, whose normals are then no use.
  vec3 chosen = dot(smoothNormal, smoothNormal) < 0.25 ? flatNormal : normalize(smoothNormal);
  vec3 towardViewer = -transpose(cameraAxes)[2];
  if (dot(chosen, towardViewer) < 0.0) chosen = -chosen;
  vec3 inCamera = cameraAxes * chosen;
  float light = 0.40 + 0.55 * max(dot(inCamera, vec3(-0.42, -0.58, -0.70)), 0.0)
    + 0.22 * max(dot(inCamera, vec3(0.75, 0.05, -0.66)), 0.0);
  vec3 base = painted ? mapColor() : color;
  // Through a cut one sees the inside of walls; in one tone, they look like a cut solid.
  bool inside = isCut && !gl_FrontFacing;
  pixel = vec4(inside ? base * 0.62 : min(base * light, 1.0), opacity);
}`;
