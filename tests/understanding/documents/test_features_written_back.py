"""FEATURES.json is written back: one word, and only where nobody else has been."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuloy.errors import UsageError
from tuloy.understanding.documents import read_document
from tuloy.understanding.documents.features import Feature, write_status

FILES = Path(__file__).parent / "files"
APPROVED = frozenset({"approved"})


def content_of(path: Path, key: str) -> str:
    return next(entry.content for entry in read_document(path).entries if entry.key == key)


@pytest.fixture
def features(tmp_path: Path) -> Path:
    path = tmp_path / "FEATURES.json"
    path.write_bytes((FILES / "FEATURES.json").read_bytes())
    return path


def test_only_the_status_changes(features: Path) -> None:
    """The file's own word for done takes the place of the old one; every other byte stays."""
    before = features.read_bytes()
    assert write_status(features, "feature_1", "done", content_of(features, "feature_1"), APPROVED) == "implemented"
    assert features.read_bytes() == before.replace(b'"approved",\n      "created', b'"implemented",\n      "created')
    assert list(features.parent.iterdir()) == [features]


def test_words_that_the_file_does_not_allow_are_not_written(features: Path) -> None:
    """Where the file allows no word for under way or failed, the status stays."""
    before = features.read_bytes()
    for became in ("running", "failed"):
        assert write_status(features, "feature_1", became, content_of(features, "feature_1"), APPROVED) is None
    assert features.read_bytes() == before


@pytest.mark.parametrize(
    ("became", "word"),
    [("running", "in_progress"), ("done", "completed"), ("failed", "failed"), ("given back", "approved")],
)
def test_our_words_where_the_file_has_none(became, word: str, tmp_path: Path) -> None:
    """A file that lists no words gets in_progress, completed, failed."""
    path = tmp_path / "f.json"
    path.write_text('{"features":[{"id":1,"title":"a","status":"approved"}]}')
    assert write_status(path, "1", became, content_of(path, "1"), APPROVED) == word
    assert path.read_text() == f'{{"features":[{{"id":1,"title":"a","status":"{word}"}}]}}'


def test_mode_and_link_stay(features: Path) -> None:
    """The file keeps its mode, and a link to it stays a link."""
    features.chmod(0o640)
    link = features.with_name("link.json")
    link.symlink_to(features)
    write_status(link, "feature_1", "done", content_of(features, "feature_1"), APPROVED)
    assert link.is_symlink()
    assert features.stat().st_mode & 0o777 == 0o640
    assert '"implemented",\n      "created' in features.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"title": "Run `cat notes.txt`"', '"title": "Something else"', "was edited since"),
        ('"approved",\n      "created', '"rejected",\n      "created', "was set to 'rejected' meanwhile"),
        ('"id": "feature_1"', '"id": "feature_9"', "no feature 'feature_1' any more"),
        ('"project"', "project", "no whole JSON document"),
    ],
    ids=["words", "status", "gone", "damaged"],
)  # fmt: skip
def test_an_edit_meanwhile_is_never_overwritten(features: Path, old: str, new: str, said: str) -> None:
    """What somebody changed since it was read stays, and is told."""
    content = content_of(features, "feature_1")
    features.write_text(features.read_text().replace(old, new))
    edited = features.read_bytes()
    with pytest.raises(UsageError, match=said):
        write_status(features, "feature_1", "done", content, APPROVED)
    assert features.read_bytes() == edited


def test_an_edit_elsewhere_is_kept(features: Path) -> None:
    """Edits of other features, and unknown keys of this one, do not hinder writing and are not lost."""
    content = content_of(features, "feature_1")
    features.write_text(features.read_text().replace("Use a blockchain", "Use no blockchain").replace('"ana"', '"ben"'))
    assert write_status(features, "feature_1", "done", content, APPROVED) == "implemented"
    assert "Use no blockchain" in features.read_text()
    assert '"approved_by": "ben"' in features.read_text()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
READ_KEYS = set(Feature.model_fields) | {"name"}
OTHER_KEYS = st.text().filter(lambda key: key not in READ_KEYS)
TOP_KEYS = st.text().filter(lambda key: key not in ("features", "workflow_config"))
LAYOUTS = ({"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"separators": (" , ", " :  ")})


@settings(deadline=None)
@given(
    extras=st.lists(st.dictionaries(OTHER_KEYS, JSON, max_size=3), min_size=1, max_size=4),
    top=st.dictionaries(TOP_KEYS, JSON, max_size=3),
    layout=st.sampled_from(LAYOUTS),
    odd=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    number=st.integers(0, 3),
)  # fmt: skip
def test_every_other_byte_stays(tmp_path_factory: pytest.TempPathFactory, extras, top, layout, odd, number) -> None:
    """Whatever else a file holds, in whatever layout, with whatever line ends and byte order mark: it stays."""
    ascii_only, crlf, mark = odd
    number %= len(extras)
    features = [{"id": n, **extra, "status": "approved", "title": "Fix"} for n, extra in enumerate(extras)]
    text = json.dumps({**top, "features": features}, ensure_ascii=ascii_only, **layout)
    data = text.encode("utf-8", "replace")
    data = data.replace(b"\n", b"\r\n") if crlf else data
    path = tmp_path_factory.mktemp("f") / "f.json"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + data)
    before = path.read_bytes()
    assert write_status(path, str(number), "done", content_of(path, str(number)), APPROVED) == "completed"
    after = path.read_bytes()
    assert len(after) == len(before) + len(b"completed") - len(b"approved")
    assert write_status(path, str(number), "given back", content_of(path, str(number)), frozenset({"completed"}))
    assert path.read_bytes() == before
