"""Every error has its exit status, and messages name settings as their reader sees them."""

import pickle

import pytest

from CraNeXtLib.core.errors import (
    CancelledError,
    CraNeXtError,
    InputError,
    NoImplantError,
    exit_status_of,
    rename_settings,
)


@pytest.mark.parametrize(
    ("error", "status"), [(CraNeXtError, 1), (InputError, 2), (NoImplantError, 3), (CancelledError, 130)]
)
def test_a_commands_exit_status_is_its_errors(error, status, capsys):
    def work():
        raise error("Choose another file.")

    assert exit_status_of(work) == status
    assert capsys.readouterr().err == "error: Choose another file.\n"


def test_a_command_that_ends_well_has_status_zero_and_other_errors_pass(capsys):
    assert exit_status_of(lambda: None) == 0
    assert capsys.readouterr().err == ""
    with pytest.raises(KeyError):
        exit_status_of(lambda: {}["missing"])


def test_settings_are_renamed_as_whole_words_and_the_longest_first():
    names = {"--model": "“Model”", "choose another --model": "choose under “Model”", "run.batch_size": "“Batch size”"}
    assert rename_settings("Set --model, not --model-folder.", names) == "Set “Model”, not --model-folder."
    assert rename_settings("Too large; choose another --model.", names) == "Too large; choose under “Model”."
    assert rename_settings("run.batch_size is 0, run-batch_size is not.", names) == (
        "“Batch size” is 0, run-batch_size is not."
    )


def test_a_name_may_hold_characters_that_a_pattern_would_replace():
    assert rename_settings("--out is full.", {"--out": r"“Folder \1 \g<0>”"}) == r"“Folder \1 \g<0>” is full."


def test_the_warnings_of_a_run_without_implant_survive_another_process():
    error = pickle.loads(pickle.dumps(NoImplantError("Nothing is missing.", warnings=["The mask is solid."])))
    assert str(error) == "Nothing is missing."
    assert error.warnings == ("The mask is solid.",)
