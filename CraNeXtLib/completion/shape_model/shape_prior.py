"""What a shape usually looks like, and what must then be where nothing is seen: PCA plus smooth residuals.

Principal components alone (Yu, Li and Egger 2021, "PCA-Skull") leave a step between what they predict and what is seen
beside it. Here the shape is a Gaussian process whose covariance is that of the components plus stationary kernels for
what they do not explain, as in Lüthi et al. 2018 (Gaussian process morphable models): one linear system gives the most
probable shape, regularised by the components' variances and continuous with the seen bone at the rim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Kernel:
    """A smooth residual that the components do not explain.

    Args:
        sd_mm: Its standard deviation.
        length_mm: How far it reaches.
        symmetry: Correlation between mirrored places of the left and the right, 0 to 1.
    """

    sd_mm: float
    length_mm: float
    symmetry: float = 0.0

    def covariance(self, distances: np.ndarray, mirrored: np.ndarray) -> np.ndarray:
        """Return covariances for distances between places, and between places and mirrored places, in mm."""
        own = _matern(distances / self.length_mm)
        if self.symmetry:
            own += self.symmetry * _matern(mirrored / self.length_mm)
        return np.float32(self.sd_mm**2) * own


@dataclass(frozen=True, eq=False)
class ShapePrior:
    """Mean and covariance of several channels at P places.

    Args:
        mean: Shape (C, P), in mm.
        modes: Principal components times their standard deviations, shape (K, C, P).
        places: Where the P values lie, shape (P, 3), in mm; x = 0 is the plane of symmetry.
        kernels: For each channel, the kernels of its residual.
        noise_mm: For each channel, the standard deviation of one observation.
        reach_mm: Distance over which the components' covariance is trusted; beyond it, few skulls show relations by
            chance (covariance localisation, Hamill et al. 2001). ``inf`` trusts all.
    """

    mean: np.ndarray
    modes: np.ndarray
    places: np.ndarray
    kernels: tuple[tuple[Kernel, ...], ...]
    noise_mm: tuple[float, ...]
    reach_mm: float = np.inf

    def scaled(self, *factors: float) -> ShapePrior:
        """Return the prior with the mean and the components of each channel times a factor."""
        factors = np.array(factors, np.float32)[:, None]
        return replace(self, mean=factors * self.mean, modes=factors * self.modes)

    def predict(self, observed: np.ndarray, *, seen: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Return the most probable values at places.

        Args:
            observed: Values of shape (C, len(seen)), in mm.
            seen: Indices of the observed places.
            wanted: Indices of the places to predict.

        Returns:
            Values of shape (C, len(wanted)), in mm.
        """
        residual = (observed - self.mean[:, seen]).ravel()
        weights = cho_solve((self._factor(seen), True), residual, check_finite=False)
        return self.mean[:, wanted] + (self._covariance(wanted, seen) @ weights).reshape(len(self.mean), -1)

    def spread(self, *, seen: np.ndarray, wanted: np.ndarray, channel: int = 0) -> np.ndarray:
        """Return the standard deviation of the truth about what :meth:`predict` says of one channel.

        It depends on where bone is seen, not on what is seen there.

        Args:
            seen: Indices of the observed places.
            wanted: Indices of the predicted places.
            channel: Which channel.

        Returns:
            Values of shape (len(wanted),), in mm.
        """
        covariance = self._covariance(seen, wanted)[:, channel * len(wanted) :][:, : len(wanted)]
        explained = solve_triangular(self._factor(seen), covariance, lower=True, check_finite=False)
        return np.sqrt(np.maximum(self._variance(wanted, channel) - np.square(explained).sum(axis=0), 0))

    def _factor(self, seen: np.ndarray) -> np.ndarray:
        """Return the lower triangle whose product with its transpose is the covariance of observations at places."""
        covariance = self._covariance(seen, seen)
        covariance[np.diag_indices(len(covariance))] += np.repeat(np.square(self.noise_mm), len(seen))
        return cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)

    def _variance(self, places: np.ndarray, channel: int) -> np.ndarray:
        """Return the variance of a channel at places, shape (len(places),)."""
        variance = np.square(self.modes[:, channel, places]).sum(axis=0, dtype=np.float64)
        mirrored = 2 * np.abs(self.places[places, 0])
        for kernel in self.kernels[channel]:
            variance += kernel.covariance(np.zeros(len(places)), mirrored)
        return variance

    def _covariance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the covariance between all channels at places a and all channels at places b."""
        channels = len(self.mean)
        left, right = (self.modes[:, :, places].reshape(-1, channels * len(places)) for places in (a, b))
        covariance = (left.T @ right).astype(np.float64)
        # Single precision takes a third of the time of what follows, and moves the predictions by some micrometres.
        distances = cdist(self.places[a], self.places[b]).astype(np.float32)
        mirrored = cdist(self.places[a], self.places[b] * MIRROR).astype(np.float32)
        blocks = covariance.reshape(channels, len(a), channels, len(b))
        if np.isfinite(self.reach_mm):
            nearest = np.minimum(distances, mirrored)
            blocks *= np.exp(-0.5 * (nearest / self.reach_mm) ** 2)[None, :, None, :]
        for channel, kernels in enumerate(self.kernels):
            for kernel in kernels:
                blocks[channel, :, channel] += kernel.covariance(distances, mirrored)
        return covariance

    def thin_out(
        self, seen: np.ndarray, unseen: np.ndarray, *, near_mm: float = 18, fine_mm: float = 4, coarse_mm: float = 10
    ) -> np.ndarray:
        """Return enough of the seen places to predict the unseen: dense at the rim, sparse further off.

        Args:
            seen: Indices to choose from.
            unseen: Indices of what is to be predicted.
            near_mm: Up to this distance from the unseen, one place in a cube of ``fine_mm``; beyond, of ``coarse_mm``.
        """
        near = cKDTree(self.places[unseen]).query(self.places[seen])[0] <= near_mm
        chosen = []
        for group, cube in ((seen[near], fine_mm), (seen[~near], coarse_mm)):
            cells = np.floor(self.places[group] / cube).astype(int)
            chosen.append(group[np.unique(cells, axis=0, return_index=True)[1]])
        return np.concatenate(chosen)


def _matern(x: np.ndarray) -> np.ndarray:
    """Return Matérn's correlation of smoothness 5/2."""
    x = np.float32(np.sqrt(5)) * x
    return (1 + x + x * x / 3) * np.exp(-x)
