"""Gaussian process over shapes: principal components plus smooth residuals, conditioned on the bone that is seen.

Principal components alone (Yu, Li and Egger 2021, "PCA-Skull") leave a step between the prediction and the bone beside
it. Here the covariance of the shape is that of the components plus stationary kernels for what they do not explain, as
in Lüthi et al. 2018 (Gaussian process morphable models). One linear system gives the most probable shape, regularized
by the components' variances and continuous with the bone at the rim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

_MIRROR = np.array([-1.0, 1.0, 1.0])
"""Reflects positions in the plane of symmetry, x = 0."""
_ROWS = 64
"""Rows of a covariance that are computed at once: their temporary arrays fit into the processor's cache."""

_WANTED = 500
"""Positions that are predicted at once."""
_SOLUTIONS = 3
"""The first solution and its refinements, after which predictions change by less than a micrometer."""


@dataclass(frozen=True)
class Kernel:
    """Covariance of a smooth residual that the components do not explain (Matérn, smoothness 5/2).

    Args:
        sd_mm: Standard deviation of the residual.
        length_mm: Length scale of its correlation.
        symmetry: Correlation between mirrored positions on the left and the right, 0 to 1.
    """

    sd_mm: float
    length_mm: float
    symmetry: float = 0.0

    def covariance(self, distances: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return covariances in mm².

        Args:
            distances: Distances between positions, in mm.
            mirrored: Distances between positions and mirrored positions, in mm, of the same shape.
        """
        own = _matern(distances / self.length_mm)
        if self.symmetry:
            own += self.symmetry * _matern(mirrored / self.length_mm)
        return np.float32(self.sd_mm**2) * own


@dataclass(frozen=True, eq=False)
class ShapePrior:
    """Mean and covariance of C channels at P positions.

    Args:
        mean: Shape (C, P), in mm.
        modes: Principal components times their standard deviations, shape (K, C, P).
        positions: Positions of the P values, shape (P, 3), in mm; x = 0 is the plane of symmetry.
        kernels: The kernels of each channel's residual.
        noise_mm: Standard deviation of one observation in each channel.
        reach_mm: Distance over which the components' covariance is trusted. Beyond it, correlations that are estimated
            from few skulls are spurious (covariance localization, Hamill et al. 2001). ``inf`` trusts all of them.
        cubes_mm: Sides of the cubes in each of which a seen position is used: at the rim, and farther off.
    """

    mean: np.ndarray
    modes: np.ndarray
    positions: np.ndarray
    kernels: tuple[tuple[Kernel, ...], ...]
    noise_mm: tuple[float, ...]
    reach_mm: float = np.inf
    cubes_mm: tuple[float, float] = (4.0, 10.0)

    def scaled(self, *factors: float) -> ShapePrior:
        """Return the prior with mean and components scaled by one factor for each channel."""
        column = np.array(factors, np.float32)[:, None]
        return replace(self, mean=column * self.mean, modes=column * self.modes)

    def given(self, seen: np.ndarray) -> Posterior:
        """Return the distribution of the shape once the values at some positions are seen, by their indices."""
        return Posterior(self, seen)

    def variance(self, indices: np.ndarray, channel: int) -> np.ndarray:
        """Return the prior variance of a channel at positions, shape (len(indices),)."""
        variance = np.square(self.modes[:, channel, indices]).sum(axis=0, dtype=np.float64)
        mirrored = 2 * np.abs(self.positions[indices, 0])
        for kernel in self.kernels[channel]:
            variance += kernel.covariance(np.zeros(len(indices)), mirrored)
        return variance

    def covariance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the prior covariance between all channels at positions a and all channels at positions b."""
        channels = len(self.mean)
        left, right = (self.modes[:, :, indices].reshape(-1, channels * len(indices)) for indices in (a, b))
        covariance = left.T @ right
        blocks = covariance.reshape(channels, len(a), channels, len(b))
        for start in range(0, len(a), _ROWS):
            rows = slice(start, start + _ROWS)
            self._add_residual(blocks[:, rows], a[rows], b)
        return covariance

    def _add_residual(self, blocks: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        """Localize the components' covariance and add that of the residual, in place; shape (C, A, C, B)."""
        # In single precision this takes a third of the time, and the predictions move by some micrometers.
        distances = cdist(self.positions[a], self.positions[b]).astype(np.float32)
        mirrored = cdist(self.positions[a], self.positions[b] * _MIRROR).astype(np.float32)
        if np.isfinite(self.reach_mm):
            nearest = np.minimum(distances, mirrored)
            blocks *= np.exp(-0.5 * (nearest / self.reach_mm) ** 2)[None, :, None, :]
        for channel, kernels in enumerate(self.kernels):
            for kernel in kernels:
                blocks[channel, :, channel] += kernel.covariance(distances, mirrored)

    def subsample(self, seen: np.ndarray, unseen: np.ndarray, *, near_mm: float = 18) -> np.ndarray:
        """Return enough of the seen positions to predict the unseen: dense at the rim, sparse further off.

        Args:
            seen: Indices to choose from.
            unseen: Indices to predict.
            near_mm: Within this distance of the unseen, one position in each of the smaller cubes is kept; beyond it,
                one in each of the larger ones.
        """
        tree = cKDTree(self.positions[unseen])
        near = np.isfinite(tree.query(self.positions[seen], distance_upper_bound=near_mm)[0])
        chosen = []
        for group, cube in zip((seen[near], seen[~near]), self.cubes_mm, strict=True):
            cells = np.floor(self.positions[group] / cube).astype(int)
            chosen.append(group[np.unique(cells, axis=0, return_index=True)[1]])
        return np.concatenate(chosen)


@dataclass(frozen=True, eq=False)
class Posterior:
    """The distribution of shapes whose values at some positions are seen.

    Args:
        prior: The distribution of all shapes.
        seen: Indices of the observed positions, shape (S,).
    """

    prior: ShapePrior
    seen: np.ndarray

    def mean(self, observed: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Return the most probable values at some positions.

        Args:
            observed: Values of shape (C, S), in mm.
            wanted: Indices of the positions, shape (W,).

        Returns:
            Values of shape (C, W), in mm.
        """
        prior = self.prior
        weights = self._weights((observed - prior.mean[:, self.seen]).ravel().astype(np.float64))
        parts = np.array_split(wanted, len(wanted) // _WANTED + 1)  # The covariance of all may take 300 MB.
        offsets = [(prior.covariance(part, self.seen) @ weights).reshape(len(prior.mean), -1) for part in parts]
        return prior.mean[:, wanted] + np.concatenate(offsets, axis=1)

    def std(self, wanted: np.ndarray, *, channel: int = 0) -> np.ndarray:
        """Return the standard deviation of one channel: that of the truth about :meth:`mean`.

        It depends on where bone is seen, not on the values that are seen there.

        Args:
            wanted: Indices of the positions, shape (W,).
            channel: Index of the channel.

        Returns:
            Values of shape (W,), in mm.
        """
        covariance = self.prior.covariance(self.seen, wanted)[:, channel * len(wanted) :][:, : len(wanted)]
        explained = solve_triangular(self._factor, covariance, lower=True, check_finite=False)
        return np.sqrt(np.maximum(self.prior.variance(wanted, channel) - np.square(explained).sum(axis=0), 0))

    def _weights(self, residual: np.ndarray) -> np.ndarray:
        """Return the solution of the observations' covariance for their residual, float64.

        It is solved in single precision, which takes half the time, and refined in double precision (Wilkinson 1963).
        """
        weights = np.zeros_like(residual)
        for _ in range(_SOLUTIONS):
            rows = np.array_split(self._covariance, len(residual) // _WANTED + 1)
            left = residual - np.concatenate([part.astype(np.float64) @ weights for part in rows])
            weights += cho_solve((self._factor, True), left.astype(np.float32), check_finite=False)
        return weights

    @cached_property
    def _covariance(self) -> np.ndarray:
        """Covariance of the observations, noise included."""
        covariance = self.prior.covariance(self.seen, self.seen)
        noise = np.square(self.prior.noise_mm).astype(np.float32)
        covariance[np.diag_indices(len(covariance))] += np.repeat(noise, len(self.seen))
        return covariance

    @cached_property
    def _factor(self) -> np.ndarray:
        """Lower Cholesky factor of the covariance of observations."""
        return cholesky(self._covariance, lower=True, check_finite=False)


def _matern(x: np.ndarray) -> np.ndarray:
    """Return the Matérn correlation of smoothness 5/2 at distances in units of the length scale."""
    x = np.float32(np.sqrt(5)) * x
    return (1 + x + x * x / 3) * np.exp(-x)
