import pytest
from django.test import RequestFactory

from projects.site.context import ui
from projects.site.text_size import COOKIE, NARROW_MEDIA, choose_text_size, text_size_of

RF = RequestFactory()


def test_a_chosen_size_is_kept_in_a_cookie_and_leads_back() -> None:
    response = choose_text_size(RF.get("/", {"size": "xlarge", "next": "/inbox/?page=2"}))
    assert response.cookies[COOKIE].value == "xlarge"
    assert response["Location"] == "/inbox/?page=2"


def test_an_unknown_size_changes_nothing() -> None:
    assert COOKIE not in choose_text_size(RF.get("/", {"size": "huge"})).cookies


@pytest.mark.parametrize(
    "page", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""]
)
def test_an_address_outside_the_site_is_not_followed(page: str) -> None:
    assert choose_text_size(RF.get("/", {"size": "large", "next": page}))["Location"] == "/"


def test_a_form_cannot_be_posted_to_it() -> None:
    assert choose_text_size(RF.post("/")).status_code == 405


def test_every_page_learns_the_size_from_the_cookie() -> None:
    request = RF.get("/")
    assert text_size_of(request) == "standard"
    request.COOKIES[COOKIE] = "large"
    assert ui(request)["text_size"] == "large"
    assert ui(request)["narrow_media"] == NARROW_MEDIA["large"]
    request.COOKIES[COOKIE] = '"><script>'
    assert ui(request)["text_size"] == "standard"
