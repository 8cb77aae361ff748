"""Saved configuration: described for the form that Prefect makes of it, and readable however old it is."""

import json
from typing import Any, cast
from uuid import uuid4

import pytest
from prefect.blocks.core import Block
from pydantic import Field, ValidationError

import blocks
from blocks import AgentSet, GatePolicy, OllamaModel, Repository
from deployments.server import Server

KINDS: list[type[Block]] = [getattr(blocks, name) for name in blocks.__all__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_and_has_a_default(kind: type[Block]) -> None:
    """A block says what it is, every field of it has a title and a description, and none is required."""
    schema = kind.model_json_schema()

    assert kind.get_description()
    assert "required" not in schema
    assert kind() is not None
    for name, field in kind.model_fields.items():
        assert field.title, name
        assert field.description, name


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
def test_registering_twice_changes_nothing(kind: type[Block], prefect_server: Server) -> None:
    """A block type is registered as often as one likes, under the slug that old documents know."""
    from prefect.client.orchestration import get_client

    kind.register_type_and_schema()
    first = kind._block_schema_id
    kind.register_type_and_schema()
    with get_client(sync_client=True) as client:
        found = client.request("GET", f"/block_types/slug/{kind._block_type_slug}").json()
    assert kind._block_schema_id == first
    assert found["name"] == kind._block_type_name
    assert found["name"].startswith("Tuloy ")


@pytest.mark.server
@pytest.mark.parametrize("kind", KINDS)
def test_an_old_document_still_loads(kind: type[Block], prefect_server: Server) -> None:
    """A document of a schema that had only the first field is loaded by today's class, with defaults for the rest."""
    first, field = next(iter(kind.model_fields.items()))
    former = cast(
        type[Block],
        type(
            f"Former{kind.__name__}",
            (Block,),
            {
                "__annotations__": {first: field.annotation},
                first: Field(field.default, title=field.title),
                "_block_type_name": kind._block_type_name,
                "_block_type_slug": kind._block_type_slug,
            },
        ),
    )
    name = f"n{uuid4().hex[:8]}"
    former().save(name)
    loaded = kind.load(name)

    assert type(loaded) is kind
    assert _fields(loaded) == _fields(kind())


def _fields(block: Block) -> dict[str, Any]:
    return {name: getattr(block, name) for name in type(block).model_fields}


@pytest.mark.server
def test_a_key_is_kept_secret(prefect_server: Server) -> None:
    """The API key of an OllamaModel comes back whole to who loads it, and is hidden from who lists blocks."""
    from prefect.client.orchestration import get_client

    name = f"n{uuid4().hex[:8]}"
    OllamaModel(model="small", api_key="hush-hush").save(name)  # type: ignore[arg-type]
    with get_client(sync_client=True) as client:
        listed = client.request("POST", "/block_documents/filter", json={"limit": 200}).json()
    (mine,) = [one for one in listed if one["name"] == name]

    assert "hush-hush" not in json.dumps(mine)
    assert OllamaModel.load(name).api_key.get_secret_value() == "hush-hush"


@pytest.mark.server
def test_agents_come_back_as_they_were_described(prefect_server: Server) -> None:
    """An AgentSet keeps argv, capabilities, limit and the names of variables."""
    name = f"n{uuid4().hex[:8]}"
    described = {"mine": {"argv": ["my-cli", "{prompt}"], "capabilities": ["code"], "limit": 3, "pass_env": ["KEY"]}}
    AgentSet(agents=described).save(name)  # type: ignore[arg-type]

    assert AgentSet.load(name).agents == AgentSet(agents=described).agents  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (GatePolicy, {"gates": ["smell"]}),
        (GatePolicy, {"timeout_s": 0}),
        (GatePolicy, {"timeout_s": float("inf")}),
        (OllamaModel, {"num_ctx": 0}),
        (AgentSet, {"agents": {"mine": {"argv": ["my-cli"]}}}),
        (Repository, {"path": 5}),
    ],
)
def test_what_cannot_be_meant_is_refused(kind: type[Block], fields: dict[str, Any]) -> None:
    """A gate that there is not, no time, no context, a CLI that takes no task: no such block is made."""
    with pytest.raises(ValidationError):
        kind(**fields)
