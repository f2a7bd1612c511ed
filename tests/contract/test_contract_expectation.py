"""What counts as a difference that a real provider would not survive."""

import pytest
from contract_documents import Tree, error_code, read_body
from contract_expectation import Bindings, differences, fill

XML = "text/xml"
JSON = "application/json"


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ([{"name": "x"}, {"name": "y"}], [{"name": "y"}, {"name": "x"}]),
        ({"$contains": ["x"]}, ["y", "x"]),
        ("<string>", "anything"),
        ("<number>", "42"),
        ("<number>", 42),
        ("<boolean>", "true"),
        ("<time>", "2026-11-28T08:00:00Z"),
        ("${vpc.1}", "vpc-0123"),
        ("arn:${uuid.1}/${uuid.1}", "arn:1-2/1-2"),
    ],
)
def test_more_than_is_needed_in_any_order_is_no_difference(expected: Tree, actual: Tree) -> None:
    assert differences(expected, actual, {}) == ()


@pytest.mark.parametrize(
    ("expected", "actual", "at"),
    [
        ({"a": {"b": 1}}, {"a": {}}, "answer.a.b"),
        ({"a": 1}, {"a": 2}, "answer.a"),
        ({"a": 1}, {"a": True}, "answer.a"),
        ({"a": 1}, {"a": "1"}, "answer.a"),
        ({"a": 0}, {"a": None}, "answer.a"),
        (["x"], ["x", "y"], "answer[]"),
        (["x", "y"], ["x"], "answer[]"),
        (["x", "y"], ["x", "z"], "answer[1]"),
        ([{"a": 1}, {"a": 1}], [{"b": 1}, {"a": 1}], "answer[1].a"),
        ([], "", "answer"),
        ({"$contains": ["x"]}, ["y"], "answer[0]"),
        ("<string>", "", "answer"),
        ("<number>", "4x", "answer"),
        ("<time>", "yesterday", "answer"),
        ("${vpc.1}", None, "answer"),
        ("arn:${uuid.1}/${uuid.1}", "arn:1-2/1-3", "answer"),
    ],
)
def test_what_is_missing_changed_or_too_much_is_named(expected: Tree, actual: Tree, at: str) -> None:
    assert [difference.at for difference in differences(expected, actual, {})] == [at]


def test_what_an_answer_gave_must_be_the_same_later_on() -> None:
    bindings: Bindings = {}
    assert not differences({"id": "${vpc.1}"}, {"id": "vpc-1"}, bindings)
    assert fill("/vpcs/${vpc.1}", bindings) == "/vpcs/vpc-1"
    assert differences({"id": "${vpc.1}"}, {"id": "vpc-2"}, bindings)


def test_elements_that_do_not_fit_leave_no_bindings() -> None:
    bindings: Bindings = {}
    expected: Tree = [{"cidr": "b", "id": "${subnet.1}"}]
    assert not differences(expected, [{"id": "s-2", "cidr": "b"}], bindings)
    other: Tree = [{"id": "${subnet.2}", "cidr": "c"}, {"id": "${subnet.1}", "cidr": "b"}]
    assert not differences(other, [{"id": "s-2", "cidr": "b"}, {"id": "s-3", "cidr": "c"}], bindings)
    assert bindings == {"subnet.1": "s-2", "subnet.2": "s-3"}


def test_documents_in_strings_are_opened() -> None:
    inner = "%7B%22Version%22%3A%20%222012-10-17%22%7D"
    xml = f"<R xmlns='u'><Doc>{inner}</Doc><Tags><member>a</member></Tags><None/></R>"
    assert read_body(XML, xml.encode()) == {
        "Doc": {"$document": {"Version": "2012-10-17"}},
        "Tags": ["a"],
        "None": "",
    }
    assert read_body(JSON, b'{"body": "{\\"a\\": 1}"}') == {"body": {"$document": {"a": 1}}}


@pytest.mark.parametrize(
    ("content_type", "body", "header"),
    [
        (XML, b"<Response><Errors><Error><Code>NotFound</Code></Error></Errors></Response>", ""),
        (XML, b"<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>", ""),
        (JSON, b'{"__type": "com.amazonaws#NotFound", "message": "no"}', ""),
        (JSON, b"{}", "NotFound:http://internal.amazon.com/"),
    ],
)
def test_the_code_of_an_error_is_found_in_every_protocol(content_type: str, body: bytes, header: str) -> None:
    assert error_code(read_body(content_type, body), header) == "NotFound"
