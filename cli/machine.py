"""Commands about this machine: `up`, `down`, `doctor`, `audit verify`."""

from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from cli.looking import open_the_store, print_json
from cli.screen import err, mark, out
from deployments.doctor import examine
from deployments.server import ensure_server, stop_server
from tuloy.errors import UsageError
from tuloy.printable import one_line
from tuloy.settings import load_settings

__all__ = ["bring_down", "bring_up", "examine_machine", "verify_log"]

SHOWN_AS = {"ok": "done", "reduced": "waiting", "broken": "failed"}


def bring_up() -> int:
    """Start the server, or find the one that runs, and say how to reach it."""
    settings = load_settings()
    server = ensure_server(settings.home, tell=lambda line: err.print(line, markup=False))
    out.print(f"Prefect {server.version} at {server.ui_url}", markup=False)
    out.print(f"export PREFECT_API_URL={server.api_url}", markup=False)
    return 0


def bring_down() -> int:
    """Stop our server; say so when there was none."""
    settings = load_settings()
    stopped = stop_server(settings.home)
    out.print("the local Prefect server is stopped" if stopped else "no local Prefect server was running")
    return 0


def examine_machine(repo: str, as_json: bool) -> int:
    """Print every check; exit 4 when something is broken."""
    settings = load_settings()
    root = Path(repo).absolute()
    if not root.is_dir():
        raise UsageError(f"{repo!r} is no directory; name the project with --repo")
    checks = examine(settings.home, root if (root / ".git").exists() else None)
    if as_json:
        print_json({"checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            line = Text.assemble(
                mark(SHOWN_AS[check.state]), " ", (f"{check.name:<12}", "bold"), one_line(check.fact, 200)
            )
            if check.remedy:
                line.append(f"  → {one_line(check.remedy, 300)}", "yellow")
            out.print(line)
    return 4 if any(check.state == "broken" for check in checks) else 0


def verify_log(as_json: bool) -> int:
    """Check the event log; exit 1 when it was tampered with."""
    from tuloy.store.audit import verify

    with open_the_store(load_settings()) as store:
        report = verify(store)
    if as_json:
        print_json({**asdict(report), "intact": report.intact})
    elif report.intact:
        out.print(f"intact: {report.events} events explain {report.goals} goals")
    else:
        if report.broken:
            out.print(
                f"broken at event {report.broken.seq}: {report.broken.fault}: {report.broken.detail}",
                markup=False,
            )
        for sentence in report.differing:
            out.print(sentence, markup=False)
    return 0 if report.intact else 1
