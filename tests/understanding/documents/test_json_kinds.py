"""The kinds of JSON: recognised by content, read with unknown keys, refused by place."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuloy.errors import UsageError
from tuloy.plan import CommandAction, InstructAction
from tuloy.understanding import look_at
from tuloy.understanding.documents import plan_entry, read_document
from tuloy.understanding.documents.entries import Document, Entry
from tuloy.understanding.documents.features import write_status
from tuloy.understanding.documents.kinds import MOST_BYTES, read_bytes

FILES = Path(__file__).parent / "files"


@pytest.fixture
def read(tmp_path: Path):
    def write_and_read(document: object, name: str = "x.json") -> Document:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return read_document(path)

    return write_and_read


def by_key(document: Document) -> dict[str, Entry]:
    return {entry.key: entry for entry in document.entries}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("FEATURES.json", "features"), ("tasks.json", "task-master"), ("todo.json", "todo"), ("prd.md", "text")],
)
def test_the_content_tells_the_kind(name: str, kind: str, tmp_path: Path) -> None:
    """A file is known by what is in it, whatever it is called."""
    other = tmp_path / "anything"
    other.write_bytes((FILES / name).read_bytes())
    assert (read_document(FILES / name).kind, read_document(other).kind) == (kind, kind)


def test_approved_features_are_open() -> None:
    """Approved features are goals with needs and priority, implemented ones are done, others left out and told."""
    document = read_document(FILES / "FEATURES.json")
    assert {key: entry.state for key, entry in by_key(document).items()} == {
        "feature_1": "open", "feature_2": "open", "feature_3": "left out", "feature_4": "done",
    }  # fmt: skip
    second = by_key(document)["feature_2"]
    assert (second.needs, second.priority) == (("feature_1",), "high")
    assert document.notes == ("features that are rejected are left out: only approved ones are goals",)


def test_a_feature_is_one_step_that_knows_the_rest() -> None:
    """A feature's title is its step: a command where it is one, else an agent's words with the description."""
    first, second = read_document(FILES / "FEATURES.json").open
    (command,) = plan_entry(first, None)
    assert command.action == CommandAction(argv=("cat", "notes.txt"))
    plan = plan_entry(second, None)
    (step,) = plan
    assert isinstance(step.action, InstructAction)
    assert step.action.prompt == "Add a greeting for the night\n\nFrom ten in the evening"
    assert (plan.goal.priority, plan.stages[0].accept) == ("high", ("`greeter --hour 23` prints Good night",))


def test_tasks_keep_tags_needs_and_states() -> None:
    """Every tag's tasks are goals, and what needs a deferred task is held back and told."""
    document = read_document(FILES / "tasks.json")
    found = by_key(document)
    assert {key: entry.state for key, entry in found.items()} == {
        "master/1": "done", "master/2": "open", "master/3": "open", "master/4": "left out", "master/5": "held",
        "master/6": "open", "night/1": "open",
    }  # fmt: skip
    assert [found[key].needs for key in ("master/2", "master/3", "master/6")] == [
        ("master/1",), ("master/2",), ("master/3",)
    ]  # fmt: skip
    assert [found[key].priority for key in ("master/2", "master/3", "master/6")] == ["high", "normal", "low"]
    assert "master.tasks[4] 'master/5' is held back: it needs 'master/4', which is deferred" in document.notes


def test_subtasks_are_steps_in_their_order() -> None:
    """Subtasks that are left are steps with the needs that are left; the test strategy is what is accepted."""
    plan = plan_entry(by_key(read_document(FILES / "tasks.json"))["master/2"], None)
    write, test = plan
    assert (write.title, write.needs) == ("Write the parser", ())
    assert test.action == CommandAction(argv=("python", "-m", "pytest", "tests"))
    assert [need.step for need in test.needs] == [write.id]
    assert plan.stages[0].accept == ("Parse every hour.", "Refuse 24.")


def test_complexity_comes_from_the_report(tmp_path: Path) -> None:
    """The complexity report of a tag counts, else what the task says itself; a damaged one is told and not used."""
    place = tmp_path / ".taskmaster" / "tasks" / "tasks.json"
    place.parent.mkdir(parents=True)
    place.write_bytes((FILES / "tasks.json").read_bytes())
    report = place.parent.parent / "reports" / "task-complexity-report.json"
    report.parent.mkdir()
    analysis = {"taskId": 2, "complexityScore": 8, "reasoning": "A grammar is needed."}
    report.write_text(json.dumps({"meta": {}, "complexityAnalysis": [analysis]}))
    found = by_key(read_document(place))
    complexity = plan_entry(found["master/2"], None).complexity
    assert (complexity.score, complexity.band, complexity.reasons[-1]) == (8, "complex", "A grammar is needed.")
    assert plan_entry(found["night/1"], None).complexity.score == 3
    report.write_text("{")
    assert any("complexity report is not used" in note for note in read_document(place).notes)


def test_the_flat_form_is_the_master_tag(read) -> None:
    """task-master's older form has the same keys as the new one, so that its silent migration makes no new goals."""
    task = {"id": 7, "title": "Fix it", "status": "pending"}
    assert by_key(read({"tasks": [task]})).keys() == by_key(read({"master": {"tasks": [task]}})).keys() == {"master/7"}


def test_todos_follow_each_other() -> None:
    """Todos that are not done are steps one after the other; a task without todos is read by its words."""
    document = read_document(FILES / "todo.json")
    assert [entry.state for entry in document.entries] == ["open", "open", "done", "left out"]
    first, second = (plan_entry(entry, None) for entry in document.open)
    assert [(step.title, [need.step for need in step.needs]) for step in first] == [
        ("Update the changelog", []), ("Run `python -m build`", ["s1.1"]),
    ]  # fmt: skip
    assert [step.title for step in second] == ["Fix the typo in the README"]


DAMAGED = {
    "cut": ('{"features": [\n {"id": "a", ', "line 2, column 14"),
    "no title": ('{"features": [\n {"id": "a", "status": "approved"}]}', r"features\[0\].title \(line 2\)"),
    "wrong type": ('{"tasks": [{"id": 1,\n "title": 5}]}', r"tasks\[0\].title \(line 2\)"),
    "wrong subtask": ('{"m": {"tasks": [{"id": 1, "title": "a", "subtasks": [{"id": 1}]}]}}', r"m.tasks\[0\].subtasks"),
    "no object": ('{"features": [1]}', r"features\[0\]"),
    "double id": ('{"features": [{"id": 1, "title": "a"}, {"id": "1", "title": "b"}]}', "the same id '1'"),
    "circle": (
        '{"tasks": [{"id": 1, "title": "a", "dependencies": [2]}, {"id": 2, "title": "b", "dependencies": [1]}]}',
        "'master/1' -> 'master/2' -> 'master/1'|'master/2' -> 'master/1' -> 'master/2'",
    ),
    "double subtask": (
        '{"tasks": [{"id": 1, "title": "a", "subtasks": [{"id": 1, "title": "x"}, {"id": 1, "title": "y"}, '
        '{"id": 2, "title": "z", "dependencies": [1]}]}]}',
        r"tasks\[0\]: two subtasks have the id '1'",
    ),
    "subtasks in a circle": (
        '{"tasks": [{"id": 1, "title": "a", "subtasks": [{"id": 1, "title": "x", "dependencies": [2]}, '
        '{"id": 2, "title": "z", "dependencies": [1]}]}]}',
        "wait for each other",
    ),
    "unknown kind": ('{"a": 1}', "JSON of no known kind"),
    "list": ("[1, 2]", "JSON of no known kind"),
    "nesting": ("[" * 200_000, "nested too deeply"),
    "constant": ('{"features": [NaN]}', "NaN is no JSON value"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_is_named(damage: str, read) -> None:
    """A damaged document is refused with the place in it."""
    text, place = DAMAGED[damage]
    with pytest.raises(UsageError, match=place):
        [plan_entry(entry, None) for entry in read(text).open]


def test_sizes_are_limited(read, tmp_path: Path) -> None:
    """50 MB, 100,001 bytes of text, too many entries, and what is no UTF-8 are refused."""
    with pytest.raises(UsageError, match=f"over {MOST_BYTES} bytes"):
        read(" " * 50_000_000)
    with pytest.raises(UsageError, match="100001 bytes"):
        read("a" * 100_001, "x.txt")
    with pytest.raises(UsageError, match="10001 entries"):
        read({"features": [{"id": n, "title": "a"} for n in range(10_001)]})
    (tmp_path / "bad").write_bytes(b"one\n\xff")
    with pytest.raises(UsageError, match="line 2"):
        read_document(tmp_path / "bad")
    with pytest.raises(UsageError, match="Is a directory"):
        read_document(tmp_path)


def test_many_entries_are_read_quickly(read) -> None:
    """10,000 tasks in a chain are read in seconds."""
    from time import process_time

    tasks = [{"id": n, "title": f"Fix {n}", "dependencies": [n - 1] if n else []} for n in range(10_000)]
    before = process_time()
    assert len(read({"tasks": tasks}).open) == 10_000
    assert process_time() - before < 5


LEAVES = (
    st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.sampled_from([1, "1", "2.1", "done", "approved"])
)
KEYS = st.sampled_from(
    [
        "id",
        "title",
        "status",
        "dependencies",
        "subtasks",
        "todos",
        "description",
        "text",
        "done",
        "priority",
        "complexity",
    ]
)
ANYTHING = st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(KEYS, one, max_size=6))
LISTS = st.lists(
    ANYTHING | st.builds(lambda more: {"id": 1, "title": "Fix it", **more}, st.dictionaries(KEYS, ANYTHING))
)
DOCUMENTS = st.dictionaries(st.sampled_from(["features", "tasks"]), LISTS, min_size=1) | st.dictionaries(
    st.text(max_size=2), st.fixed_dictionaries({"tasks": LISTS}), min_size=1
)


@settings(max_examples=settings.default.max_examples * 2 // 5, deadline=None)  # each reads up to fifty goals
@given(DOCUMENTS)
def test_any_document_is_read_or_refused(document: object) -> None:
    """Whatever stands in a list of goals, its open entries have valid plans, or it is refused in our words."""
    try:
        found = read_bytes(json.dumps(document).encode("utf-8", "surrogatepass"), Path("x.json"))
        plans = [plan_entry(entry, None) for entry in found.open]
    except UsageError:
        return
    assert all(len(plan) for plan in plans)


BROKEN = {
    "comment": ('// what we want\n{"features": []}', "no comments.* line 1, column 1"),
    "block comment": ('/* c */ {"tasks": []}', "no comments.* line 1, column 1"),
    "conflict": ('<<<<<<< HEAD\n{"features": []}\n', "merge conflict is not resolved at line 1, column 1"),
    "conflict inside": ('{"features": [\n<<<<<<< ours\n]}', "merge conflict is not resolved at line 2"),
    "comma": (', {"features": []}', "a comma stands .* line 1, column 1"),
}


@pytest.mark.parametrize("name", ["FEATURES.json", "tasks.JSON", "plan"])
@pytest.mark.parametrize("damage", BROKEN)
def test_damaged_json_is_no_prose(damage: str, name: str, read) -> None:
    """What is called JSON, or plainly is meant as it, is refused with its place, whatever stands before the brace."""
    text, place = BROKEN[damage]
    with pytest.raises(UsageError, match=f"no whole JSON document: .*{place}"):
        read(text, name)


def test_a_json_file_without_entries_is_no_prose(read) -> None:
    """A value alone, words and an empty file that are called JSON are refused; the same words elsewhere are a text."""
    with pytest.raises(UsageError, match=r"no known kind \(null\)"):
        read("null", "x.json")
    for text in ("Run the tests", " "):
        with pytest.raises(UsageError, match="no whole JSON document"):
            read(text, "x.json")
    for text in ("null", "// Run the tests", "[ ] run it", "# Plan\n\n{not json}", "/* {*/ fix `a`"):
        assert read(text, "x.md").kind == "text"
    assert read("// Run the tests", "notes").kind == "text"


WRONG = {
    "a fraction": (
        {"features": [{"id": 1.5, "title": "a"}]},
        r"features\[0\].id \(line 1\) is 1.5; it should be a "
        "whole number or text",
    ),
    "a number": ({"features": [1]}, r"features\[0\] \(line 1\) is 1; it should be an object"),
    "a word": (
        {"tasks": [{"id": 1, "description": "a", "todos": ["x"]}]},
        r"todos\[0\] .* is \"x\"; it should be an obj",
    ),
    "truth": (
        {"tasks": [{"id": 1, "description": "a", "todos": [{"text": "b", "done": "no"}]}]},
        "should be true or false",
    ),
    "no title": ({"features": [{"id": 1}]}, r"features\[0\].title \(line 1\) is missing"),
    "empty": ({"features": [{"id": 1, "title": ""}]}, r"title \(line 1\) is \"\", and should have words"),
    "too much": ({"tasks": [{"id": 1, "title": "a", "complexity": 12}]}, "is 12; it should be .*at most 10"),
    "criteria": (
        {"features": [{"id": 1, "title": "a", "acceptance_criteria": 3}]},
        "is 3; it should be text or a list",
    ),
    "circle": (
        {"features": [{"id": n, "title": "a", "status": "approved", "dependencies": [3 - n]} for n in (1, 2)]},
        "features wait for each other",
    ),
    "circle of parts": (
        {
            "tasks": [
                {
                    "id": 1,
                    "title": "a",
                    "subtasks": [
                        {"id": 1, "title": "x", "dependencies": [2]},
                        {"id": 2, "title": "z", "dependencies": [1]},
                    ],
                }
            ]
        },
        r"tasks\[0\]: subtasks wait for each other: '(1' -> '2' -> '1|2' -> '1' -> '2)'",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_messages_speak_of_the_file(wrong: str, read) -> None:
    """What does not fit is told as the value that stands there and what JSON should stand there instead."""
    document, said = WRONG[wrong]
    with pytest.raises(UsageError, match=said) as raised:
        read(document)
    assert not {word for word in ("instance", "dictionary", "valid", ".int", ".str") if word in str(raised.value)}


def test_nothing_is_dropped_unsaid(read) -> None:
    """Statuses count in any case; unknown priorities, a second kind, an empty list and a need of oneself are told."""
    feature = {"id": "a", "title": "Run it", "status": "Approved", "priority": "soonish", "depends_on": ["a", "b"]}
    other = {"id": "b", "title": "x", "status": "In Progress", "priority": "P1"}
    found = read({"features": [feature, other], "tasks": [{"id": 1}]})
    first, second = found.entries
    assert (first.priority, second.priority) == (None, "high")
    assert (first.needs, first.state, second.state, second.word) == (("b",), "held", "held", "In Progress")
    assert [note for note in found.notes if "'soonish' of features[0] is left out: known are critical" in note]
    assert [note for note in found.notes if "'a' needs itself" in note]
    assert [note for note in found.notes if "its 'tasks' are left out" in note]
    assert read({"features": []}).notes == ("it has no features",)
    assert read({"tasks": []}).notes == ("it has no tasks",)
    own = [{"id": 1, "title": "x", "dependencies": ["5.1"]}, {"id": 2, "title": "y", "dependencies": [1]}]
    found = read({"tasks": [{"id": 5, "title": "a", "subtasks": own}]})
    assert found.notes == ("tasks[0].subtasks[0] '1' needs itself; that is left out",)
    assert [piece.needs for piece in found.entries[0].pieces] == [(), ("1",)]
    done = read({"tasks": [{"id": 1, "title": "a", "status": "DONE", "dependsOn": [1]}, {"id": 2, "title": "b"}]})
    assert [entry.state for entry in done.entries] == ["done", "open"]
    todo = read({"tasks": [{"id": 1, "description": "a", "todos": [], "status": "Failed", "priority": "high"}]})
    assert todo.notes == ("1 task that failed is left out",)


def test_the_files_own_spelling_is_written_back(read) -> None:
    """A file that writes its statuses in capitals gets them back so."""
    path = read(
        {"features": [{"id": 1, "title": "a", "status": "Approved"}, {"id": 2, "title": "b", "status": "Completed"}]}
    ).path
    entry = read_document(path).entries[0]
    assert write_status(path, "1", "done", entry.content, frozenset({"Approved"})) == "Completed"


def test_a_todo_that_is_several_steps_is_those_steps(read, tmp_path: Path) -> None:
    """Steps that a todo's words name come one after the other; a choice is one step, and so are words with details."""
    tables = "[project]\nname = 'x'\n[build-system]\nrequires = []\n[tool.pytest.ini_options]\n"
    (tmp_path / "pyproject.toml").write_text(tables)
    todos = ["Run the tests and build the wheel", "Run the tests; if they fail, tell Ana", "Write a note"]
    task = {"id": 1, "description": "Release", "todos": [{"text": text} for text in todos]}
    plan = plan_entry(read({"tasks": [task]}).entries[0], look_at(tmp_path))
    kinds = [step.action.kind for step in plan]
    assert [step.title for step in plan] == ["Run the tests", "Build the wheel", todos[1], todos[2]]
    assert kinds == ["command", "command", "instruct", "instruct"]
    assert [[need.step for need in step.needs] for step in plan] == [[], ["s1.1"], ["s1.2"], ["s1.3"]]
    feature = {"id": 1, "title": "Run the tests and build the wheel", "status": "approved", "description": "Why: x"}
    assert len(plan_entry(read({"features": [feature]}).entries[0], None)) == 1


def test_urgency_in_a_todo_counts(read) -> None:
    """One urgent todo makes its goal urgent, by its words and by its date; one that may wait does not slow the rest."""

    def goal(*texts: str, **more: object):
        task = {"id": 1, "description": "Release it", "todos": [{"text": text} for text in texts], **more}
        return plan_entry(read({"tasks": [task]}).entries[0], None).goal

    assert goal("Fix the leak, urgent!", "Write a note").priority in ("high", "critical")
    assert goal("Fix the leak, no rush", "Write a note").priority == "normal"
    assert goal("Fix the leak by Friday", "Write a note").deadline
    assert goal("Fix the leak, urgent!", priority="low").priority == "low"
