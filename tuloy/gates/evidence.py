"""What a result proves, in one line for people."""

from tuloy.gates.verdict import GateResult

__all__ = ["counted", "tell_files", "tell_script", "tell_tests"]


def counted(number: int, noun: str) -> str:
    """Return "1 file", "2 files"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def tell_files(result: GateResult) -> str:
    """Say how many files were checked, what was found, and how much of it is old."""
    found = counted(len(result.findings), "finding") if result.findings else "no findings"
    return f"{counted(result.measured['covered'], 'file')} checked, {found}{_before(result)}"


def tell_script(result: GateResult) -> str:
    """Say what a script proved: the line of its output that shows it, or its exit code."""
    return str(result.measured["proof"])


def tell_tests(result: GateResult) -> str:
    """Say how many tests were collected, passed and failed, and how many failed before too."""
    had = result.measured
    said = [f"{counted(had['collected'], had.get('unit', 'test'))} collected", f"{had['passed']} passed"]
    said += [f"{had['skipped']} skipped"] if had.get("skipped") else []
    said += [f"{had['left_out']} left out by the project's own code"] if had.get("left_out") else []
    said += [f"{counted(had['unimportable'], 'test file')} not importable"] if had.get("unimportable") else []
    said += [f"{had['failed']} failed"] if had["failed"] else []
    return ", ".join(said) + _before(result)


def _before(result: GateResult) -> str:
    old = sum(finding.old for finding in result.findings)
    if not old:
        return ""
    return " before this work too" if old == len(result.findings) else f" ({old} of them before this work too)"
