"""Parts of the page that several sections have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.translation import _


@contextmanager
def section(title: str, name: str) -> Iterator[None]:
    """Add a section of the page that can be folded; the block adds its content."""
    with v3.VExpansionPanel(value=name, id=f"section-{name}"):
        v3.VExpansionPanelTitle(title)
        with v3.VExpansionPanelText():
            yield


@contextmanager
def field_grid() -> Iterator[None]:
    """Lay fields out in two columns; the block adds them."""
    with html.Div(style="display: grid; grid-template-columns: 1fr 1fr; gap: 8px", classes="mb-2"):
        yield


def file_select(bench: Workbench, key: str, label: str, **options: Any) -> None:
    """Add a choice of something in the folder, which is listed anew whenever it is opened: by default of a file.

    Args:
        bench: The case.
        key: Key of the choice in the state; with dashes, it is the control's ID.
        label: Label of the control.
        options: Further options of the control.
    """
    files = {"items": ("folder_files",), "no_data_text": _("There is no skull in the folder."), "classes": "mb-2"}
    v3.VSelect(v_model=(key,), label=label, id=key.replace("_", "-"), update_menu=bench.list_files, **(files | options))


def run_button(control: RunControl, text: str, *, disabled: str = "false") -> None:
    """Add the button of a run, its progress, and its message.

    Args:
        control: The run.
        text: Text of the button.
        disabled: Expression on the page's state; while it is true, the button is disabled.
    """
    name = control.name
    v3.VBtn(
        f"{{{{ {name}_busy ? 'Cancel' : '{text}' }}}}",
        id=name,
        click=with_fields(control.press, control.fields),
        color="primary",
        block=True,
        disabled=(f"{name}_canceling || (!{name}_busy && ({disabled}))",),
    )
    v3.VProgressLinear(v_if=(f"{name}_busy",), model_value=(f"{name}_percent",), height=8, classes="mt-2")
    html.Div(f"{{{{ {name}_stage }}}}", id=f"{name}-stage", classes="text-caption mt-1")
    message(name)


def with_fields(clicked: Callable[..., Any], fields: Iterable[str]) -> tuple[Callable[..., Any], str]:
    """Return a button's click that is called with what the page's fields say, a mapping by their keys in the state."""
    return clicked, f"[{{{', '.join(fields)}}}]"


def message(name: str) -> None:
    """Add the message of a control, shown while it has one."""
    v3.VAlert(
        v_if=(f"{name}_text",),
        text=(f"{name}_text",),
        type=(f"{name}_kind || 'info'",),
        id=f"{name}-message",
        density="compact",
        variant="tonal",
        style="white-space: pre-line",
        classes="mt-2",
    )


def table(rows: str, name: str, *, titles: str = "") -> None:
    """Add a table of texts.

    Args:
        rows: Name of the state's list of rows.
        name: ID of the table.
        titles: Name of the state's list of titles; empty for none.
    """
    with v3.VTable(v_if=(f"{rows}.length",), density="compact", id=name, classes="mt-2"):
        if titles:
            with html.Thead(), html.Tr():
                html.Th("{{ title }}", v_for=f"title in {titles}", classes="px-1")
        with html.Tbody(), html.Tr(v_for=f"row in {rows}"):
            html.Td("{{ cell }}", v_for="cell in row", classes="px-1 text-caption")
