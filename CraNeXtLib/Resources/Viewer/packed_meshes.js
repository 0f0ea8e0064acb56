// Unpacks what cases/report/viewer/packed_mesh.py packed.

/** Return the bytes of compressed text in base64. */
export async function decompressed(base64) {
  const text = atob(base64);
  const compressed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) compressed[at] = text.charCodeAt(at);
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Return the surfaces with positions in RAS mm, faces as vertex indices, unit normals, and for each map its distances
 * in mm, NaN where nothing was measured.
 */
export function unpackedSurfaces(descriptions, code, bytes) {
  const reader = new NumberReader(bytes);
  return descriptions.map((surface) => {
    const { vertices, faces, origin, step, lowest } = surface;
    const positions = new Float32Array(3 * vertices);
    const steps = reader.numbers(3 * vertices, 2);
    for (let axis = 0; axis < 3; axis++) {
      for (let vertex = 0, sum = 0; vertex < vertices; vertex++) {
        const number = steps[axis * vertices + vertex];
        sum = (sum + ((number >>> 1) ^ -(number & 1))) & 0xffff;
        positions[3 * vertex + axis] = origin[axis] + step * sum;
      }
    }
    const corners = reader.numbers(3 * faces, 3);
    for (let corner = 0, next = 0; corner < corners.length; corner++) {
      corners[corner] = next - corners[corner];
      if (corners[corner] === next) next++;
    }
    const values = Object.fromEntries(
      surface.maps.map((map, number) => {
        const codes = reader.numbers(vertices, 2);
        return [map, Float32Array.from(codes, (c) => (c === code.unknown ? NaN : lowest[number] + code.step * c))];
      }),
    );
    const normals = averaged(averaged(smoothNormals(positions, corners), corners), corners);
    return { ...surface, positions, corners, normals, values };
  });
}

/** Reads lists of numbers whose lowest bytes come first, all of them, then all next ones. */
class NumberReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.position = 0;
  }

  numbers(count, size) {
    const result = new Uint32Array(count);
    for (let byte = 0; byte < size; byte++) {
      for (let index = 0; index < count; index++) result[index] |= this.bytes[this.position++] << (8 * byte);
    }
    return result;
  }
}

/** Return the unit normals at the vertices: means of the normals of their faces, weighted by area. */
function smoothNormals(positions, corners) {
  const normals = new Float32Array(positions.length);
  for (let face = 0; face < corners.length; face += 3) {
    const a = 3 * corners[face], b = 3 * corners[face + 1], c = 3 * corners[face + 2];
    const x = positions[a], y = positions[a + 1], z = positions[a + 2];
    const ux = positions[b] - x, uy = positions[b + 1] - y, uz = positions[b + 2] - z;
    const vx = positions[c] - x, vy = positions[c + 1] - y, vz = positions[c + 2] - z;
    const nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
    normals[a] += nx, normals[a + 1] += ny, normals[a + 2] += nz;
    normals[b] += nx, normals[b + 1] += ny, normals[b + 2] += nz;
    normals[c] += nx, normals[c + 1] += ny, normals[c + 2] += nz;
  }
  return normalized(normals);
}

/** Return the normals averaged over the faces around each vertex, which hides the stairs of the voxels. */
function averaged(normals, corners) {
  const sums = new Float32Array(normals.length);
  for (let face = 0; face < corners.length; face += 3) {
    const a = 3 * corners[face], b = 3 * corners[face + 1], c = 3 * corners[face + 2];
    for (let axis = 0; axis < 3; axis++) {
      const sum = normals[a + axis] + normals[b + axis] + normals[c + axis];
      sums[a + axis] += sum, sums[b + axis] += sum, sums[c + axis] += sum;
    }
  }
  return normalized(sums);
}

/** Scale vectors to a length of 1; zero stays zero. */
function normalized(vectors) {
  for (let at = 0; at < vectors.length; at += 3) {
    const length = Math.sqrt(vectors[at] ** 2 + vectors[at + 1] ** 2 + vectors[at + 2] ** 2) || 1;
    vectors[at] /= length, vectors[at + 1] /= length, vectors[at + 2] /= length;
  }
  return vectors;
}
