"""Names of controls for the settings that the library's messages name by command-line option or configuration key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CraNeXtLib.core.errors import rename_settings
from CraNeXtLib.core.runtime.requirements import EXTRAS, install_command
from CraNeXtLib.slicer_ui.translation import _


def with_control_names(message: str, controls: Mapping[str, str] | None = None) -> str:
    """Return an error message of the library in which settings are named by their controls.

    Args:
        message: The error message.
        controls: Names of controls that differ from those of other panels, by option or key.
    """
    elsewhere = _("install it under “Environment”, or choose another Python there")
    names = {
        "give its unit with --mesh-unit": _("scale the model to millimeters"),
        "--device": _("“Device” under “Advanced”"),
        "--model": _("“Model”"),
        "choose --defects": _("under “Defects”, tick"),
        "--defects": _("“Defects”"),
        "--segment": _("“Segment”"),
        "--series": _("“Series”"),
        "--bone-model": _("“Bone model”"),
        "--bone-base": _("“Base”"),
        "--skull-model": _("“Skull model”"),
        "thickness of --onlay-mm": _("“Onlay thickness”"),
        "overlap of --onlay-mm": _("“Onlay overlap”"),
        "--onlay-mm": _("“Onlay thickness”"),
        "--donor": _("“Donor”"),
        "--thickness-mm": _("“Minimum thickness”"),
        "choose --joint gap": _("choose “Straight walls” under “Joint”"),
        "--segments": _("“Segments”"),
        "--spring-form": _("“Spring form”"),
        "molded_part.stl": _("the molded part"),
        "--preview": _("“Quick preview”"),
        "--dry-run": _("“Try a few steps”"),
        "--resume": _("“Resume”"),
        "--out": _("“Model name”"),
        "--name": _("“Install as”"),
        "--threads": _("the environment variable CRANEXT_THREADS"),
        "run.batch_size": _("“Batch size”"),
        "run.accelerator": _("“Device”"),
        "data.manifest": _("“Data set”"),
        "add --ct": _("choose the CT itself under “Skull”"),
        "give the folder that cranext reconstruct or cranext finish wrote one into": _(
            "press “Make the part”, and then “Export”"
        ),
        "give the folder that cranext mold wrote into": _("press “Write the mold's files”"),
        "cranext finish": _("“Make the part”"),
        "first run: cranext models import": _("first press “Import a model…” and choose"),
        "that cranext release wrote": _("that “Release” wrote"),
        "with cranext release": _("under “Release”"),
        "install what CraNeXt needs there, or choose another Python": elsewhere,
        **{install_command(extra): elsewhere for extra in EXTRAS},
        "leave out --ct for a mask": _("convert a mask to a labelmap first"),
    }
    return rename_settings(message, names | dict(controls or {}))


def names_of_controls(ui: Any, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the name of the control of each setting, as an option of the command and as a field of the library.

    Fields of a single word are left out, which a sentence may hold as a word.

    Args:
        ui: The panel's widgets; the label of the parameter ``wall`` is ``wallLabel``.
        parameters: Name of the parameter of each field of the library's settings.
    """
    titles = {field: getattr(ui, f"{name}Label").text.strip(":").replace("&", "") for field, name in parameters.items()}
    names = {field: _("“{control}”").format(control=title) for field, title in titles.items()}
    options = {f"--{field.replace('_', '-')}": name for field, name in names.items()}
    return options | {field: name for field, name in names.items() if "_" in field}
