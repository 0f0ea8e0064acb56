"""States of the section “Environment”, shown alone because it is the same in all panels."""

from gallery import state

LACKING = {"torch": None, "monai": None, "lightning": None, "trimesh": "3.9.1"}


def _shown(stage):
    from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel

    panel = EnvironmentPanel(("run", "torch", "train"))
    panel.widget.collapsed = False
    stage.show(panel.widget, panel.close)
    return panel


def _shown_without(stage, lacking):
    """Show the section as if packages were missing (None) or old in this process."""
    from CraNeXtLib.slicer_ui.environment import packages

    real = packages.installed_version
    packages.installed_version = lambda name: lacking[name] if name in lacking else real(name)
    try:
        panel = _shown(stage)
        panel.close()
        stage.wait(lambda: panel._run is None or panel._run.finished)
        panel._found = panel._run = None
        panel._check.enabled = True
        panel._show()
    finally:
        packages.installed_version = real


@state("environment-ready", "environment-ready-dark", views=False)
def ready(stage):
    panel = _shown(stage)
    stage.wait(lambda: panel.message.text.startswith("All packages are installed. Networks"))


@state("environment-missing", views=False)
def missing(stage):
    _shown_without(stage, LACKING)


@state("environment-continue", views=False)
def interrupted(stage):
    from CraNeXtLib.slicer_ui.environment import unfinished
    from CraNeXtLib.slicer_ui.environment.packages import Package

    unfinished.remember([Package(name, "", version) for name, version in LACKING.items()])
    _shown_without(stage, {name: LACKING[name] for name in ("monai", "lightning")})
    unfinished.forget()
