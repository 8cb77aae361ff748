"""What people see: lines, the report, lists. Text from outside is never markup.

The picture of a plan is `cli.plan_screen`, what moves while a goal runs `cli.live`.
"""

import sys
from collections.abc import Sequence
from typing import Any, TextIO

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from cli.encoding import json_for
from tuloy.printable import headline, one_line, printable

__all__ = [
    "err", "line_of", "mark", "out", "print_goal", "print_goals", "print_json", "print_list", "tell",
    "tell_of_document",
]  # fmt: skip

WIDE = 140  # for files and pipes, which have no width of their own


def _console(stream: TextIO, *, stderr: bool = False) -> Console:
    width = None if stream.isatty() else WIDE
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=width)


out = _console(sys.stdout)
err = _console(sys.stderr, stderr=True)

MARKS = {
    "done": ("✓", "green"),
    "pass": ("✓", "green"),
    "landed": ("✓", "green"),
    "failed": ("✗", "red"),
    "fail": ("✗", "red"),
    "error": ("!", "red"),
    "skipped": ("–", "dim"),
    "waiting": ("?", "yellow"),
    "cancelled": ("–", "yellow"),
    "lost": ("!", "yellow"),
    "running": ("…", "cyan"),
    "open": ("○", "cyan"),
    "planned": ("·", "dim"),
    "planning": ("·", "dim"),
}

CALM = ("done", "pass", "skipped", "landed")


def mark(status: str) -> Text:
    """Return the sign of a status."""
    sign, style = MARKS.get(status, ("·", "dim"))
    return Text(sign, style)


def line_of(status: str, title: str, note: str, duration_s: float | None) -> Text:
    """Return what one line says of a step or a gate."""
    line = Text.assemble(mark(status), " ", one_line(title, 100))
    if duration_s is not None and status not in ("skipped", "waiting"):
        line.append(f"  {duration_s:.1f} s", "dim")
    if note and note != "exit code 0":
        line.append("  " + one_line(note, 300), "dim" if status in CALM else "yellow")
    return line


def print_goal(document: dict[str, Any], console: Console, *, brief: bool = False) -> None:
    """Print what is known of one goal: steps, gates, what failed and how, branch and next actions.

    `brief` leaves out the steps and verdicts, which who watched the run has just seen.
    """
    head = Text.assemble(mark(document["status"]), " ", (headline(document["text"], 160), "bold"))
    head.append(f"  {document['id']} {document['status']}{_left(document)}", "dim")
    parts: list[Any] = [head]
    for stage, steps in [] if brief else _by_stage(document):
        parts += [Text("  " + one_line(stage), "bold cyan")] if stage else []
        for step in steps:
            indent = Text("    " if step.get("parent") else "  ")
            parts.append(indent + line_of(step["status"], step["title"], step["reason"], step["duration_s"] or None))
    for gate in document["gates"]:
        note = gate["evidence"] or gate["reason"]
        line = Text("  ") + line_of(gate["verdict"], f"gate {gate['gate']}", note, gate["duration_s"])
        parts += [*([] if brief else [line]), *_findings(gate)]
    for step in document["steps"]:
        if step["status"] == "failed" and step["tail"]:
            parts.append(Text(f"\n{one_line(step['title'])} said:", "bold"))
            parts.append(Text("\n".join(printable(step["tail"]).splitlines()[-40:])))
    parts += [Text(printable(line)) for line in _closing(document)]
    console.print(Group(*parts))


def print_goals(goals: Sequence[dict[str, Any]], console: Console) -> None:
    """Print one row per goal, as `tuloy.store.glance` sees it."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "goal", "status", "steps", "what"):
        table.add_column(name, overflow="fold")
    for goal in goals:
        count = f"{goal['ended']}/{goal['steps']}"
        table.add_row(
            mark(goal["status"]), Text(one_line(goal["id"])), goal["status"], count, Text(headline(goal["text"], 90))
        )
    console.print(table)


def _left(document: dict[str, Any]) -> str:
    """How far a goal is that has not come to its end."""
    stages = document.get("progress", ())
    done, of = sum(stage["done"] for stage in stages), sum(stage["of"] for stage in stages)
    return f", {done} of {of} steps" if done < of else ""


def _by_stage(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The steps under the stages' headings, which say how far each is; without headings where there is one stage."""
    stages = document.get("progress", ())
    if len(stages) < 2:
        return [("", document["steps"])]
    own = {stage["stage"]: [step for step in document["steps"] if step["stage"] == stage["stage"]] for stage in stages}
    return [(f"{stage['title']}  {stage['done']}/{stage['of']}", own[stage["stage"]]) for stage in stages]


def print_list(goals: Sequence[dict[str, Any]], console: Console) -> None:
    """Print one row per goal of the list, as `tuloy.store.glance.listed` sees it."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "goal", "status", "priority", "what", "after"):
        table.add_column(name, overflow="fold")
    for goal in goals:
        what = Text(headline(goal["text"].strip(), 90))
        row = (Text(one_line(goal["id"])), goal["status"], goal["priority"], what, " ".join(goal["needs"]))
        table.add_row(mark(goal["status"]), *row)
    console.print(table)


def tell_of_document(hindered: str | None) -> None:
    """Say why the document that a goal came from was not told of its end, if it was not."""
    if hindered:
        err.print(f"not written back: {hindered}", markup=False)


def _findings(gate: dict[str, Any]) -> list[Text]:
    new = [finding for finding in gate["findings"] or [] if not finding["old"]]
    lines = []
    for finding in new[:10]:
        where = ":".join(str(part) for part in (finding["path"], finding["line"]) if part)
        lines.append(
            Text(
                f"      {one_line(where)} {one_line(finding['rule'], 160)} {one_line(finding['message'], 120)}",
                "red",
            )
        )
    if len(new) > 10:
        lines.append(Text(f"      and {len(new) - 10} more", "dim"))
    return lines


def _closing(document: dict[str, Any]) -> list[str]:
    lines = [""]
    if document["reason"]:
        lines.append(one_line(document["reason"], 500))
    if document["branch"]:
        changed = sorted({path for step in document["steps"] for path in step["changed"]})
        lines.append(f"branch   {document['branch']} at {document['commit'][:12]}")
        lines.append(f"changed  {one_line(', '.join(changed), 300)}")
    for step in document["steps"]:
        lines += [f"kept     {one_line(path, 500)}" for path in step["kept"]]
    if document["flow_run_url"]:
        lines.append(f"run      {document['flow_run_url']}")
    lines += [f"leak     {one}" for one in document.get("leaks", ())]
    if document["reduced"]:
        lines.append(f"reduced  {'; '.join(document['reduced'])}")
    if document["status"] == "done" and document["branch"] and not document["accepted"]:
        git = f"git --git-dir={document['git_dir']}" if document.get("git_dir") else "git"
        lines.append(
            f"next     {git} diff {document['base'][:12]} {document['branch']}   ·   tuloy accept {document['id']}"
        )
    return lines


def tell(line: str) -> None:
    """Say on stderr what takes time."""
    err.print(line, markup=False)


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    print(json_for(sys.stdout, document))
