"""The `tuloy` command: its words, and the one place where errors become exit statuses.

0 done · 1 a step or gate said no · 2 usage · 3 waits for an answer · 4 could not run · 130 interrupted. Results go to
stdout, everything else to stderr. Commands import what they need when they run: `--help` must not wait for it.
"""

import gc
import json
import os
import sys
from typing import Annotated

import typer

from cli.encoding import speak_everywhere
from cli.help import GOALS, LIST, MACHINE, RESULTS, GroupedCommands
from tuloy.errors import TuloyError, UsageError

__all__ = ["app", "main"]

app = typer.Typer(
    name="tuloy",
    cls=GroupedCommands,
    help="Goals in plain words, done on your repository: planned, run in Prefect, gated, resumable.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
audit = typer.Typer(help="Check the event log.", cls=GroupedCommands, no_args_is_help=True, rich_markup_mode=None)

SELDOM = 50_000  # objects between two collections: imports make many and drop few, each look at them is for nothing

RepoOption = Annotated[str, typer.Option("--repo", "-r", metavar="DIRECTORY", help="The repository to work on.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
GoalId = Annotated[str, typer.Argument(metavar="GOAL", help="A goal's id, its beginning, or `last`.")]
GoalIds = Annotated[list[str], typer.Argument(metavar="GOAL", help="Goals' ids, or their beginnings.")]
Priority = Annotated[
    str | None, typer.Option(metavar="LEVEL", help="critical, high, normal or low; else what the text says.")
]
Agent = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The coding CLI for steps that need one (aider, claude, codex, gemini, or yours)."
    ),
]
Workers = Annotated[int | None, typer.Option("--max-workers", metavar="N", min=1, max=64, help="Steps side by side.")]
Lane = Annotated[
    str, typer.Option(metavar="LANE", help="Who reads the goal: rules, model, or auto (rules, if they are sure).")
]
Reading = Annotated[
    int | None,
    typer.Option("--reading", metavar="N", min=1, help="Take the reading with this number (see `tuloy plan`)."),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Read the text anew, though you edited its plan before.")]
File = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="A text, PRD, FEATURES.json, tasks.json or TODO JSON to read."),
]


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Goals in plain words, done on your repository: planned, run in Prefect, gated, resumable."""


@app.command(rich_help_panel=GOALS)
def run(
    goal: Annotated[
        list[str] | None,
        typer.Argument(metavar="GOAL", help="What should be done; several goals run side by side."),
    ] = None,
    repo: RepoOption = ".",
    file: File = None,
    priority: Priority = None,
    lane: Lane = "auto",
    agent: Agent = None,
    max_workers: Workers = None,
    accept: Annotated[bool, typer.Option("--accept", help="Merge into your branch when done and gated.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the likeliest reading of an unclear goal.")] = False,
    reading: Reading = None,
    fresh: Fresh = False,
    run_list: Annotated[bool, typer.Option("--open", help="Run what `tuloy list` shows as open, in order.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Plan a goal, run it, gate it, and leave the result on a branch."""
    from cli.execution import Manner
    from cli.planning import Asked, lane_of
    from cli.running import run_goals, run_open

    asked = Asked(yes, reading, fresh, lane_of(lane))
    manner = Manner(agent, max_workers, accept, as_json)
    if not run_list:
        _leave(run_goals(goal or [], file, repo, priority, manner, asked, dry_run=dry_run))
    if goal or file or dry_run or priority or asked != Asked():
        raise UsageError("--open runs what was added before, as it was added; give no other goal, file or priority")
    _leave(run_open(repo, manner))


@app.command(rich_help_panel=GOALS)
def plan(
    goal: Annotated[str | None, typer.Argument(metavar="GOAL", help="What should be done.")] = None,
    repo: RepoOption = ".",
    file: File = None,
    priority: Priority = None,
    lane: Lane = "auto",
    edit: Annotated[bool, typer.Option("--edit", help="Change the plan in $EDITOR, and keep it for `run`.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Show which words made what, and by which rule.")] = False,
    reading: Reading = None,
    fresh: Fresh = False,
    as_json: JsonOption = False,
) -> None:
    """Show how a goal is read, without doing anything."""
    from cli.looking import show_plan
    from cli.planning import Asked, lane_of

    asked = Asked(reading=reading, fresh=fresh, lane=lane_of(lane))
    texts = [] if goal is None else [goal]
    _leave(show_plan(texts, file, repo, priority, as_json, asked, edit=edit, why=explain))


@app.command(rich_help_panel=GOALS)
def resume(
    goal: GoalId = "last",
    agent: Agent = None,
    max_workers: Workers = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a goal that was interrupted, killed, or waits; start one of the list."""
    from cli.execution import Manner
    from cli.running import resume_goal

    _leave(resume_goal(goal, Manner(agent, max_workers, as_json=as_json)))


@app.command(rich_help_panel=LIST)
def add(
    goal: Annotated[
        list[str] | None, typer.Argument(metavar="GOAL", help="What should be done; each is a goal.")
    ] = None,
    repo: RepoOption = ".",
    file: File = None,
    priority: Priority = None,
    as_json: JsonOption = False,
) -> None:
    """Add goals to the list, and start nothing."""
    from cli.todo import add_goals

    _leave(add_goals(goal or [], file, repo, priority, as_json))


@app.command(rich_help_panel=LIST)
def migrate(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="PRDs, FEATURES.json, tasks.json, TODO JSON.")],
    repo: RepoOption = ".",
    as_json: JsonOption = False,
) -> None:
    """Take the goals of documents into the list; again, only what is new or was edited."""
    from cli.todo import migrate as take

    _leave(take(files, repo, as_json))


@app.command("list", rich_help_panel=LIST)
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also goals that have ended.")] = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="At most so many.")] = 1000,
    as_json: JsonOption = False,
) -> None:
    """List the goals that are still to be done, the most urgent first."""
    from cli.todo import list_goals

    _leave(list_goals(everything, limit, as_json))


@app.command(rich_help_panel=LIST)
def done(goals: GoalIds) -> None:
    """Mark goals done by hand."""
    from cli.todo import mark_goals_done

    _leave(mark_goals_done(goals))


@app.command("rm", rich_help_panel=LIST)
def remove(goals: GoalIds) -> None:
    """Remove goals for good; their events stay in the log."""
    from cli.todo import remove_goals

    _leave(remove_goals(goals))


@app.command(rich_help_panel=RESULTS)
def status(
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="At most so many.")] = 20,
) -> None:
    """List goals, newest first."""
    from cli.looking import show_status

    _leave(show_status(limit, as_json))


@app.command(rich_help_panel=RESULTS)
def show(goal: GoalId = "last", as_json: JsonOption = False) -> None:
    """Show one goal: steps, gates, output, branch."""
    from cli.looking import show_goal

    _leave(show_goal(goal, as_json))


@app.command(rich_help_panel=RESULTS)
def accept(
    goal: GoalId = "last",
    partial: Annotated[bool, typer.Option("--partial", help="Also take what a failed goal has landed.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Merge a goal's branch into yours, after the gates have judged the merge."""
    from cli.deciding import accept_goal

    _leave(accept_goal(goal, partial, as_json))


@app.command(rich_help_panel=RESULTS)
def rollback(
    goal: GoalId = "last",
    to: Annotated[
        str | None, typer.Option(metavar="CHECKPOINT", help="A checkpoint (commit or stage); else the one before.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a goal's branch back to a checkpoint, or undo its acceptance."""
    from cli.deciding import rollback_goal

    _leave(rollback_goal(goal, to, as_json))


@app.command(rich_help_panel=GOALS)
def pause(goal: GoalId = "last") -> None:
    """Let a running goal start no further step; `tuloy resume` lets it go on."""
    from cli.deciding import tell_goal

    _leave(tell_goal(goal, "pause"))


@app.command(rich_help_panel=GOALS)
def cancel(goal: GoalId = "last") -> None:
    """Stop a goal; what is finished is kept."""
    from cli.deciding import tell_goal

    _leave(tell_goal(goal, "cancel"))


@app.command(rich_help_panel=MACHINE)
def up(
    worker: Annotated[
        bool, typer.Option("--worker", help="Also make the deployments and start a worker for them.")
    ] = False,
    profile: Annotated[
        bool | None, typer.Option("--profile/--no-profile", help="Write and activate the Prefect profile `tuloy`.")
    ] = None,
) -> None:
    """Start the local Prefect server and say where it is."""
    from cli.machine import bring_up

    _leave(bring_up(worker, profile))


@app.command(rich_help_panel=MACHINE)
def down() -> None:
    """Stop the local Prefect server and the worker that Tuloy started."""
    from cli.machine import bring_down

    _leave(bring_down())


@app.command(rich_help_panel=MACHINE)
def doctor(repo: RepoOption = ".", as_json: JsonOption = False) -> None:
    """Say what is there, what is missing, and what would help."""
    from cli.machine import examine_machine

    _leave(examine_machine(repo, as_json))


@audit.command("verify")
def audit_verify(as_json: JsonOption = False) -> None:
    """Check the hash chain of the event log, and that it explains every row."""
    from cli.machine import verify_log

    _leave(verify_log(as_json))


app.add_typer(audit, name="audit", rich_help_panel=MACHINE)


def main() -> None:
    """Run the command line."""
    gc.set_threshold(SELDOM)
    speak_everywhere()
    if sys.argv[1:] == ["--version"]:
        from tuloy import __version__

        print(f"tuloy {__version__}")
        return
    try:
        code = app(standalone_mode=False)
    except TuloyError as error:
        code = _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = _complain("interrupted", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except typer.Exit as leaving:
        code = leaving.exit_code
    except Exception as error:
        if not hasattr(error, "show"):
            raise
        error.show()
        code = getattr(error, "exit_code", 2)
    sys.exit(code or 0)


def _complain(message: str, code: int) -> int:
    from tuloy.printable import printable

    if "--json" in sys.argv:
        print(json.dumps({"error": message, "exit_code": code}))
    print(f"tuloy: {printable(message)}", file=sys.stderr)
    return code


def _leave(code: int) -> None:
    raise typer.Exit(code)
