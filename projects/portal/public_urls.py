"""Addresses of the residents' pages."""

from django.urls import path

from projects.portal import documents, public, public_codes, public_proposing, story_pages

urlpatterns = [
    path("", public.public_home, name="public_home"),
    path("follow/", public.follow, name="follow"),
    path("verify/", public_codes.check_code, name="check_code"),
    path("papers/<int:number>/", public.paper, name="paper"),
    path("papers/<int:number>/<slug:ending>/", documents.public_document, name="document"),
    path("files/<int:number>/", public.public_file, name="public_file"),
    path("t/<str:code>/", public.township, name="township"),
    path("t/<str:code>/propose/", public_proposing.propose, name="propose"),
    path("t/<str:code>/propose/done/", public_proposing.propose_done, name="propose_done"),
    path("t/<str:code>/propose/drop/", public_proposing.propose_drop, name="propose_drop"),
    path("t/<str:code>/propose/<slug:step>/", public_proposing.propose, name="propose_step"),
    path("t/<str:code>/proposals/<str:query_code>/", public.proposal, name="proposal"),
    path("t/<str:code>/proposals/<str:query_code>/erase/", public.ask_erasure, name="ask_erasure"),
    path("t/<str:code>/proposals/<str:query_code>/story/", story_pages.proposal_story, name="proposal_story"),
    path(
        "t/<str:code>/proposals/<str:query_code>/story/sheet/",
        story_pages.proposal_story,
        {"sheet": True},
        name="proposal_story_sheet",
    ),
    path("t/<str:code>/objections/<str:query_code>/", public.objection, name="objection"),
    path("t/<str:code>/projects/<int:number>/", public.public_project, name="public_project"),
    path("t/<str:code>/projects/<int:number>/story/", story_pages.project_story, name="project_story"),
    path(
        "t/<str:code>/projects/<int:number>/story/sheet/",
        story_pages.project_story,
        {"sheet": True},
        name="project_story_sheet",
    ),
    path("t/<str:code>/projects/<int:number>/rate/", public.rate, name="rate"),
    path("t/<str:code>/projects/<int:number>/sign/", public.project_sign, name="project_sign"),
    path("t/<str:code>/<int:year>/", public.township_year, name="township_year"),
    path("t/<str:code>/<int:year>/objection/", public.object_to_notice, name="object"),
]
