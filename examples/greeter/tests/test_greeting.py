import pytest
from greeter import greet, greet_all
from greeter.command import main
from greeter.greeting import part_of_day


@pytest.mark.parametrize(("hour", "part"), [(0, "morning"), (11, "morning"), (12, "noon"), (18, "evening"), (23, "evening")])
def test_part_of_day(hour, part):
    assert part_of_day(hour) == part


@pytest.mark.parametrize("hour", [-1, 24])
def test_no_such_hour(hour):
    with pytest.raises(ValueError):
        part_of_day(hour)


def test_greets_in_english():
    assert greet("Ana") == "Good morning, Ana!"


def test_greets_in_filipino_with_a_title():
    assert greet("Reyes", hour=19, language="fil", title="Dr.") == "Magandang gabi, Dr. Reyes!"


def test_greets_everybody():
    assert greet_all(["Ana", "Ben"], hour=13) == ["Good afternoon, Ana!", "Good afternoon, Ben!"]


def test_command_prints_one_line_each(capsys):
    assert main(["Ana", "Ben", "--language", "fil"]) == 0
    assert capsys.readouterr().out.splitlines() == ["Magandang umaga, Ana!", "Magandang umaga, Ben!"]
