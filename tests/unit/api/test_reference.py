"""The API's document as a page: all of it, and nothing in it runs."""

from api.reference import page

DOCUMENT = {
    "info": {"title": "守望", "description": "<script>alert(1)</script>"},
    "paths": {"/api/v1/alerts": {"get": {"summary": "Which alerts & whose", "responses": {"200": {}}}}},
    "components": {"schemas": {"Alert<T>": {"type": "object"}}},
}


def test_each_operation_and_schema_is_on_the_page_and_no_text_is_markup():
    text = page(DOCUMENT)
    assert "<b>GET</b> /api/v1/alerts" in text
    assert "Which alerts &amp; whose" in text
    assert "Alert&lt;T&gt;" in text
    assert "<script" not in text
