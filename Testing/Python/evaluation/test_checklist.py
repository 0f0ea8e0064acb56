"""The checklist on a head with one deliberate fault at a time, and on implants of real skulls."""

from dataclasses import replace

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.checklist import CAUSES, CRITERIA, Checklist, check
from CraNeXtLib.evaluation.thresholds import Thresholds
from CraNeXtLib.geometry.affine import affine_from_axis_codes
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume

THICKNESS = 6.0  # mm, of the synthetic vault
RADIUS = 28.0  # mm, of its defect


class Head:
    """An ellipsoid vault with a round defect, in coordinates that faults are easily described in.

    ``height`` is the distance above the outer surface in mm, ``u`` and ``v`` are mm across the defect from its middle.
    """

    def __init__(self, codes="LPS", spacing=(1.0, 1.0, 1.0)):
        shape = [round(size / s) for size, s in zip((176, 210, 170), spacing, strict=True)]
        affine = affine_from_axis_codes("RAS", np.array(spacing))
        affine[:3, 3] = -88, -105, -85
        base = Volume(np.zeros(shape, dtype=bool), affine)
        x, y, z = (np.arange(n) * s + o for n, s, o in zip(shape, spacing, affine[:3, 3], strict=True))
        x, y, z = np.meshgrid(x, y, z, indexing="ij", sparse=True)
        radii = np.array([70.0, 88, 68])
        level = np.sqrt((x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2)
        distance = np.sqrt(x**2 + y**2 + z**2)
        self.height = distance - distance / np.maximum(level, 1e-6)
        toward = np.array([0.55, 0.25, 0.8]) / np.linalg.norm([0.55, 0.25, 0.8])
        across = np.cross([0, 1, 0], toward)
        across /= np.linalg.norm(across)
        along = np.cross(toward, across)
        self.u, self.v, depth = (x * a + y * b + z * c for a, b, c in (across, along, toward))
        bone = (self.height <= 0) & (self.height > -THICKNESS) & (z > -60)
        self.near = depth > 0
        self.opening = (np.hypot(self.u, self.v) < RADIUS) & self.near
        turned = base.with_voxels(bone)
        self._turn = lambda voxels: reorient(turned.with_voxels(voxels), codes)
        self.bone = bone

    def sheet(self, inner=-THICKNESS, outer=0.0):
        """Return the voxels between two heights, which may be maps, within the opening."""
        return (self.height > inner) & (self.height <= outer) & self.opening

    def disc(self, u, v, radius):
        return np.hypot(self.u - u, self.v - v) < radius

    def volume(self, voxels):
        return self._turn(voxels)

    @property
    def skull(self):
        return self.bone & ~self.opening

    @property
    def reference(self):
        return self.bone & self.opening


def reorient(volume, codes):
    import nibabel

    image = nibabel.Nifti1Image(volume.voxels.astype(np.uint8), volume.affine)
    turned = image.as_reoriented(
        nibabel.orientations.ornt_transform(
            nibabel.io_orientation(image.affine), nibabel.orientations.axcodes2ornt(tuple(codes))
        )
    )
    return Volume(np.asarray(turned.dataobj) > 0, turned.affine)


@pytest.fixture(scope="module")
def head():
    return Head()


def bump(head, height, radius, u=3.0, v=-4.0):
    return height * np.exp(-((head.u - u) ** 2 + (head.v - v) ** 2) / (2 * (radius / 2) ** 2))


SPOILED = {
    "hole": ("complete", lambda h: h.reference & ~h.disc(8, 5, 4)),
    "gap at the rim": ("complete", lambda h: h.reference & ~(h.u > RADIUS - 5)),
    "half missing": ("complete", lambda h: h.reference & (h.u < 5)),
    "spike outwards": ("no_false_positive", lambda h: h.reference | (h.disc(5, 5, 2) & h.sheet(-3, 9))),
    "spike inwards": ("no_false_positive", lambda h: h.reference | (h.disc(-6, 5, 2) & h.sheet(-16, -3))),
    "tongue over the skull": (
        "no_false_positive",
        lambda h: (
            h.reference | (h.near & (np.abs(h.v) < 4) & (h.u > 20) & (h.u < 48) & (h.height > 0) & (h.height < 3))
        ),
    ),
    "tongue under the skull": (
        "no_false_positive",
        lambda h: (
            h.reference
            | (
                (np.abs(h.v) < 4)
                & (h.u > 20)
                & (h.u < 46)
                & (h.height < -THICKNESS)
                & (h.height > -10)
                & h.disc(0, 0, 60)
            )
        ),
    ),
    "bulge": ("restored_shape", lambda h: h.sheet(-THICKNESS + bump(h, 6, 18), bump(h, 6, 18))),
    "bulge outside only": ("restored_shape", lambda h: h.sheet(outer=bump(h, 7, 18))),
    "dent": ("restored_shape", lambda h: h.sheet(-THICKNESS - bump(h, 6, 18), -bump(h, 6, 18))),
    "step": ("smooth_transition", lambda h: h.sheet(-THICKNESS + 2.5, 2.5)),
    "sunken": ("smooth_transition", lambda h: h.sheet(-THICKNESS - 2.5, -2.5)),
    "step on one side": ("smooth_transition", lambda h: h.sheet(outer=np.where((h.v > 18) & (abs(h.u) < 9), 2.5, 0))),
    "thin spot": ("minimal_thickness", lambda h: h.reference & ~(h.disc(6, 3, 6) & (h.height < -2))),
    "thin everywhere": ("minimal_thickness", lambda h: h.sheet(-2)),
    "too thick": ("minimal_thickness", lambda h: h.reference | (h.sheet(-4 * THICKNESS) & h.disc(0, 0, 16))),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", SPOILED)
def test_a_fault_fails_its_criterion_and_no_other(head, fault):
    criterion, spoil = SPOILED[fault]
    implant, skull, reference = (head.volume(v) for v in (spoil(head) & ~head.skull, head.skull, head.reference))
    with_reference = check(implant, skull, reference)
    assert with_reference.failed == (criterion,), with_reference
    without = check(implant, skull)
    assert without.failed == ((criterion,) if criterion != "restored_shape" else ()), without
    assert without["restored_shape"].passed is None


def test_bone_within_the_implant_is_excess(head):
    skull, reference = head.volume(head.skull), head.volume(head.reference)
    implant = head.volume(head.bone & head.disc(0, 0, RADIUS + 1.5) & head.near)
    assert check(implant, skull, reference).failed == ("no_false_positive",)
    assert check(implant, skull).failed == ("no_false_positive",)


def test_the_reference_passes(head):
    skull, reference = head.volume(head.skull), head.volume(head.reference)
    for found in (check(reference, skull, reference), check(reference, skull)):
        assert found.failed == ()
        assert [criterion.name for criterion in found.criteria] == list(CRITERIA)


def test_a_fault_is_shown_where_it_is(head):
    skull, reference = head.volume(head.skull), head.volume(head.reference)
    for fault, u, v in (("hole", 8, 5), ("spike outwards", 5, 5), ("thin spot", 6, 3)):
        name, spoil = SPOILED[fault]
        position = check(head.volume(spoil(head) & ~head.skull), skull, reference)[name].position_ras_mm
        where = tuple(np.rint(np.add(position, (88, 105, 85))).astype(int))
        assert head.u[where] == pytest.approx(u, abs=6)
        assert head.v[where] == pytest.approx(v, abs=6)


@pytest.mark.slow
def test_orientation_and_spacing_do_not_matter(head):
    other = Head(codes="SAR", spacing=(1.0, 0.8, 1.25))
    name, spoil = SPOILED["hole"]
    values = []
    for h in (head, other):
        implant, skull, reference = (h.volume(v) for v in (spoil(h) & ~h.skull, h.skull, h.reference))
        found = check(implant, skull, reference)
        assert found.failed == (name,)
        values.append(found[name].value)
    assert values[0] == pytest.approx(values[1], abs=1.5)


def test_thresholds_are_the_users(head):
    skull, reference = head.volume(head.skull), head.volume(head.reference)
    implant = head.volume(SPOILED["hole"][1](head))
    assert check(implant, skull, reference, thresholds=Thresholds(gap_mm=12)).failed == ()


def test_ratings_and_causes_travel_with_the_answers(head):
    skull, reference = head.volume(head.skull), head.volume(head.reference)
    found = check(reference, skull, ratings={"complete": False}, causes=("defect_edge",))
    assert found.as_dict()["reader_ratings"] == {"complete": False}
    assert found.as_dict()["causes"] == ["defect_edge"]
    assert found.as_dict()["validated_clinically"] is False
    assert replace(found, causes=CAUSES).causes == CAUSES
    with pytest.raises(InputError, match="'beautiful'"):
        Checklist(found.criteria, ratings={"beautiful": True})
    with pytest.raises(InputError, match="cause"):
        Checklist(found.criteria, causes=("weather",))


def test_an_empty_implant_cannot_be_checked(head):
    skull = head.volume(head.skull)
    with pytest.raises(InputError, match="implant is empty"):
        check(skull.with_voxels(np.zeros(skull.shape, dtype=bool)), skull)


@pytest.mark.slow
def test_the_implant_of_a_real_skull_passes(shared):
    reference, complete = (read_volume(shared / "skullfix" / kind / "016.nrrd") for kind in ("implant", "complete"))
    reference = reference.with_voxels(reference.voxels > 0)
    skull = complete.with_voxels((complete.voxels > 0) & ~reference.voxels)
    assert check(reference, skull, reference).failed == ()


@pytest.mark.slow
@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_fault_in_a_real_implant_fails_its_criterion_and_no_other(real_case, criterion):
    implant = real_case.spoiled(criterion)
    assert check(implant, real_case.skull, real_case.reference).failed == (criterion,)


@pytest.fixture(scope="module")
def real_case(shared):
    return RealCase(shared, "016")


def halved(volume):
    """Return a mask with every other voxel along each axis, about 1 mm, for speed."""
    affine = volume.affine @ np.diag([2, 2, 2, 1])
    return Volume(volume.voxels[::2, ::2, ::2] > 0, affine)


class RealCase:
    """A real skull and its implant, in distances from the middle of the head and from the middle of the implant."""

    def __init__(self, shared, name):
        reference, complete = (
            halved(read_volume(shared / "skullfix" / k / f"{name}.nrrd")) for k in ("implant", "complete")
        )
        self.reference = reference
        self.skull = complete.with_voxels(complete.voxels & ~reference.voxels)
        margin = np.ceil(10 / reference.spacing).astype(int)
        self.box = foreground_box(self.reference.voxels, margin=tuple(margin))
        self.part = self.reference.crop(self.box)
        self.whole = self.part.voxels.ravel()
        self.center = skull_frame(self.skull).center
        points = (self.part.to_ras(np.indices(self.part.shape).reshape(3, -1).T) - self.center).astype(np.float32)
        self.radii = np.linalg.norm(points, axis=1)
        self.toward = points / self.radii[:, None]
        middle = points[self.whole].mean(axis=0)
        angles = np.arccos(np.clip(self.toward @ (middle / np.linalg.norm(middle)), -1, 1))
        self.across = angles * np.median(self.radii[self.whole])

    def moved(self, outward_mm):
        """Return the implant moved away from the middle of the head, by a number or by one for each voxel."""
        steps = self.toward @ np.linalg.inv(self.part.affine[:3, :3]).T.astype(np.float32)
        indices = np.indices(self.part.shape, dtype=np.float32).reshape(3, -1).T
        sources = np.rint(indices - steps * np.reshape(outward_mm, (-1, 1))).astype(int)
        inside = ((sources >= 0) & (sources < self.part.shape)).all(axis=1)
        return inside & self.part.voxels[tuple(np.clip(sources, 0, np.array(self.part.shape) - 1).T)]

    def spoiled(self, criterion):
        """Return the implant with a hole, a spur, a bulge, a step all around, or a thin spot, of some millimeters."""
        if criterion == "complete":
            faulty = self.whole & (self.across > 4)
        elif criterion == "no_false_positive":
            spike = self.across < 2
            top = self.radii[self.whole & spike].max()
            faulty = self.whole | (spike & (self.radii > top - 3) & (self.radii < top + 9))
        elif criterion == "restored_shape":
            faulty = self.moved(6 * np.exp(-((self.across / 9) ** 2) / 2))
        elif criterion == "smooth_transition":
            faulty = self.moved(2.5)
        else:
            faulty = self.whole & ~(self.moved(-1.5) & (self.across < 6))
        voxels = np.zeros(self.reference.shape, dtype=bool)
        voxels[self.box] = faulty.reshape(self.part.shape)
        return self.reference.with_voxels(voxels & ~self.skull.voxels)
