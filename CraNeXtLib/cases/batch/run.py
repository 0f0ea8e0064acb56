"""A batch on one computer: every case in a child process, so that a failure or crash does not affect the others."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.batch.listing import BatchCase
from CraNeXtLib.cases.batch.record import (
    DONE,
    FAILED,
    NO_IMPLANT,
    BatchRecord,
    asked_of,
    case_folder,
    discard_old_results,
    read_record,
    write_record,
    write_summary,
)
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.released_folder import refuse_released
from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError, NoImplantError
from CraNeXtLib.core.files.filling import clean, reserved
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.core.runtime.memory import memory_advice
from CraNeXtLib.core.runtime.threads import share, thread_variables

_POLL_SECONDS = 0.1


def run_batch(
    cases: Sequence[BatchCase],
    out: str | Path,
    settings: CaseSettings,
    *,
    workers: int = 1,
    resume: bool = True,
    progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Reconstruct every case into ``OUT/cases/NAME`` and write ``OUT/summary.csv``.

    A case that cannot be used is listed with its error.

    Args:
        cases: See :func:`CraNeXtLib.cases.batch.listing.find_batch_cases`.
        out: Folder for the results.
        settings: Common settings; those of a case take precedence.
        workers: Number of cases in parallel; each needs memory of its own. They share the cores.
        resume: Whether to keep finished cases with the same settings, model, version and input files.
        progress: Called with the case and its stage, and the overall fraction; may raise CancelledError to stop.

    Returns:
        The rows of the table, in the order of the cases.

    Raises:
        InputError: If the folder cannot be written, there is no such model, or there are no workers.
        CancelledError: If ``progress`` raised it; finished cases are kept.
    """
    if workers < 1:
        raise InputError(f"The number of workers must be 1 or more, not {workers}.")
    with reserved(out):
        _run(cases, out, settings, workers, resume, progress)
        return write_summary(out, cases)


def _run(
    cases: Sequence[BatchCase],
    out: str | Path,
    settings: CaseSettings,
    workers: int,
    resume: bool,
    progress: ProgressCallback | None,
) -> None:
    waiting = deque(unfinished(cases, out, settings, resume=resume))
    running: dict[str, tuple[BatchCase, dict[str, Any], Job]] = {}
    fractions = dict.fromkeys((case.case for case in waiting), 0.0)
    finished = len(cases) - len(waiting)
    threads = share(workers)

    def tell(case: BatchCase, stage: str, fraction: float) -> None:
        fractions[case.case] = fraction
        if progress:
            progress(f"{case.case}: {stage}", (finished + sum(fractions.values())) / len(cases))

    try:
        while waiting or running:
            while waiting and len(running) < workers:
                case = waiting.popleft()
                running[case.case] = (case, asked_of(case, settings), _start(case, out, settings, threads))
            time.sleep(_POLL_SECONDS)
            for case, asked, job in list(running.values()):
                if job.poll(partial(tell, case)):
                    del running[case.case]
                    record_outcome(out, case, asked, _error_of(job))
                    tell(case, "Finished", 1.0)
    except BaseException:
        _stop([job for _, _, job in running.values()])
        raise


def unfinished(
    cases: Sequence[BatchCase], out: str | Path, settings: CaseSettings, *, resume: bool = True
) -> list[BatchCase]:
    """Return the cases to run: those without a result, and those that failed or whose request has changed.

    Raises:
        InputError: If one of them was released.
    """
    for case in cases:
        clean(case_folder(out, case))
    known = {case.case: read_record(out, case) for case in cases} if resume else {}

    def is_finished(case: BatchCase) -> bool:
        record = known.get(case.case)
        return record is not None and record.status != FAILED and record.asked == asked_of(case, settings)

    waiting = [case for case in cases if not is_finished(case)]
    for case in waiting:
        refuse_released(case_folder(out, case))
    return waiting


def record_outcome(out: str | Path, case: BatchCase, asked: dict[str, Any], error: Exception | None) -> None:
    """Record a case that ended with an error or without; a failed one does not keep the results of an earlier run.

    Args:
        out: Folder of the batch.
        case: The case.
        asked: What was asked when it started, since the input may have changed meanwhile.
        error: Why there is no implant.

    Raises:
        InputError: If the folder cannot be written.
    """
    status = DONE if error is None else NO_IMPLANT if isinstance(error, NoImplantError) else FAILED
    message = "" if error is None else memory_advice(error) or str(error)
    if status == FAILED:
        try:
            discard_old_results(out, case)
        except InputError as still_there:
            message += f" The results of an earlier run are still there: {still_there}"
    write_record(out, case, BatchRecord(asked, status, message))


def _start(case: BatchCase, out: str | Path, settings: CaseSettings, threads: int) -> Job:
    arguments = {
        "skull": str(case.skull),
        "out": str(case_folder(out, case)),
        "settings": asdict(case.settings(settings)),
    }
    return Job("reconstruct", arguments, environment={**os.environ, **thread_variables(threads)})


def _error_of(job: Job) -> Exception | None:
    try:
        job.result()
    except CancelledError:
        raise
    except (CraNeXtError, RuntimeError) as error:
        return error
    return None


def _stop(jobs: list[Job]) -> None:
    """Cancel jobs and wait until they end, so that they leave no partial files behind."""
    for job in jobs:
        job.cancel()
    while not all(job.poll() for job in jobs):
        time.sleep(_POLL_SECONDS)
