"""The modules of the scene's script fit together: what one imports, another exports, under one name only."""

import re
from collections import Counter

import pytest

from CraNeXtLib.cases.report.viewer.script import scene_script
from CraNeXtLib.core.resources import VIEWER

MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(VIEWER.glob("*.js"))}


def exports(text: str) -> list[str]:
    return re.findall(r"^export (?:async )?(?:const|class|function) (\w+)", text, re.MULTILINE)


def imports(text: str) -> list[tuple[str, str]]:
    found = re.findall(r'^import \{([^}]*)\} from "\./(\w+\.js)";$', text, re.MULTILINE)
    return [(name.strip(), file) for names, file in found for name in names.split(",")]


@pytest.mark.parametrize("file", MODULES)
def test_every_import_is_exported(file):
    for name, source in imports(MODULES[file]):
        assert name in exports(MODULES[source]), (name, source)


def test_no_two_exports_share_a_name():
    names = Counter(name for text in MODULES.values() for name in exports(text))
    assert names.most_common(1)[0][1] == 1


def test_the_script_holds_every_module_after_those_it_imports():
    script = scene_script()
    assert not re.search(r"^(import|export) ", script, re.MULTILINE)
    for text in MODULES.values():
        first_line = text.splitlines()[0]  # the comment that says what the module does
        assert script.count(first_line) == 1
        for _, source in imports(text):
            assert script.index(MODULES[source].splitlines()[0]) < script.index(first_line)
