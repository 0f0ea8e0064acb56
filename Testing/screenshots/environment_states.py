"""The section Environment, alone: it is the same in all panels."""

from gallery import state


def _shown(stage):
    from CraNeXtLib.slicer_ui.environment.panel import EnvironmentPanel

    panel = EnvironmentPanel(("run", "train"))
    panel.widget.collapsed = False
    stage.show(panel.widget, panel.close)
    return panel


@state("environment-ready", "environment-ready-dark", views=False)
def ready(stage):
    panel = _shown(stage)
    stage.wait(lambda: panel.message.text.startswith("All packages are there. Networks"))


@state("environment-missing", views=False)
def missing(stage):
    from CraNeXtLib.slicer_ui.environment import packages

    known = {"torch": None, "monai": None, "antspyx": None, "trimesh": "3.9.1"}
    real = packages.installed_version
    packages.installed_version = lambda name: known[name] if name in known else real(name)
    panel = _shown(stage)
    panel._found = None
    panel.close()
    panel._run = None
    panel._show()
    packages.installed_version = real
