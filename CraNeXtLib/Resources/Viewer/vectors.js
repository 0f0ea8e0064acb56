// Vectors of three numbers.

export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Return a + factor * b. */
export const plus = (a, b, factor = 1) => a.map((value, axis) => value + factor * b[axis]);

export const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

export const unit = (a) => a.map((value) => value / Math.hypot(...a));
