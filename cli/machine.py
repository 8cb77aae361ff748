"""Commands about this machine: `up`, `down`, `doctor`, `audit verify`."""

import sys
from dataclasses import asdict
from pathlib import Path

import typer
from rich.text import Text

from cli.opening import open_the_store
from cli.screen import err, mark, out, print_json
from deployments.doctor import examine
from deployments.environment import apply, external_api_url, prefect_environment
from deployments.profile import PROFILE, profile_address, users_prefect, write_profile
from deployments.server import ensure_server, stop_server
from deployments.worker import child_environment, ensure_worker, stop_worker, worker_lock
from tuloy.errors import UsageError
from tuloy.printable import one_line
from tuloy.settings import Settings, load_settings

__all__ = ["bring_down", "bring_up", "examine_machine", "verify_log"]

SHOWN_AS = {"ok": "done", "reduced": "waiting", "broken": "failed"}


def bring_up(worker: bool, profile: bool | None) -> int:
    """Start the server, or find the one that runs, with a worker where asked; say how to reach it."""
    settings = load_settings()
    theirs = users_prefect()
    server = ensure_server(settings.home, tell=_tell)
    out.print(f"Prefect {server.version} at {server.ui_url}", markup=False)
    if worker:
        _bring_up_worker(settings, server.api_url)
    if external_api_url() is None:
        _offer_profile(settings.home, theirs, server.api_url, profile)
    return 0


def _tell(line: str) -> None:
    err.print(line, markup=False)


def _bring_up_worker(settings: Settings, api_url: str) -> None:
    _tell("making work pool, limits, blocks and deployments: up to 20 s the first time")
    environment = child_environment(settings.home, api_url)
    with worker_lock(settings.home):
        apply(prefect_environment(settings.home, api_url))
        from deployments.catalog import install

        install(settings, api_url, environment)
        worker, started = ensure_worker(settings.home, api_url)
    out.print(f"worker {worker.name} {'started' if started else 'runs'}: pid {worker.pid}", markup=False)
    out.print("prefect deployment run 'run-goal/default' -p goal=\"run the tests\" -p repo=/path/to/repository")


def _offer_profile(home: Path, theirs: dict[str, str], api_url: str, wanted: bool | None) -> None:
    """Write the Prefect profile where it is wanted, renew it where it is outdated, else print the line to export."""
    standing = profile_address(theirs)
    if wanted is None and standing is None and sys.stdin.isatty() and out.is_terminal:
        question = f"Write and activate the Prefect profile {PROFILE!r}, so that plain `prefect` reaches this server?"
        wanted = typer.confirm(question)
    if wanted:
        file = write_profile(home, theirs, api_url, activate=True)
        out.print(f"the Prefect profile {PROFILE!r} in {file} is active", markup=False)
    elif wanted is None and standing not in (None, api_url):
        write_profile(home, theirs, api_url, activate=False)
        out.print(f"the Prefect profile {PROFILE!r} names {api_url} now", markup=False)
    if not wanted:
        out.print(f"export PREFECT_API_URL={api_url}", markup=False)


def bring_down() -> int:
    """Stop our worker and our server; say so when there was none."""
    settings = load_settings()
    if settings.home.is_dir() and _worker_stopped(settings.home):
        out.print("the worker is stopped")
    stopped = stop_server(settings.home)
    out.print("the local Prefect server is stopped" if stopped else "no local Prefect server was running")
    return 0


def _worker_stopped(home: Path) -> bool:
    with worker_lock(home):
        return stop_worker(home)


def examine_machine(repo: str, as_json: bool) -> int:
    """Print every check; exit 4 when something is broken."""
    settings = load_settings()
    root = Path(repo).absolute()
    if not root.is_dir():
        raise UsageError(f"{repo!r} is no directory; name the project with --repo")
    checks = examine(settings.home, root if (root / ".git").exists() else None, settings.model)
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
