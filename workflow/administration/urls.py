"""Addresses of accounts, offices, imports and the trail's export."""

from __future__ import annotations

from django.contrib.auth import views as auth
from django.urls import path

from workflow.administration import heads, purpose, sign_in, stand_ins, trail, views

urlpatterns = [
    path("signed-in/", sign_in.signed_in, name="signed_in"),
    path("login/", sign_in.SignIn.as_view(), name="login"),
    path("login/code/", sign_in.sign_in_code, name="login_code"),
    path("logout/", sign_in.SignOut.as_view(), name="logout"),
    path("password/", sign_in.PasswordChange.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("invitation/", sign_in.invitation, name="invitation"),
    path("invitation/<int:user_id>/<slug:token>/", sign_in.invitation_open, name="invitation_open"),
    path("second-factor/", sign_in.second_factor, name="second_factor"),
    path("second-factor/qr.svg", sign_in.second_factor_qr, name="second_factor_qr"),
    path("people/", views.people, name="people"),
    path("people/import/", views.import_page, {"kind": "people"}, name="people_import"),
    path("people/import/template/", views.import_template, {"kind": "people"}, name="people_template"),
    path("people/units/import/", views.import_page, {"kind": "units"}, name="unit_import"),
    path("people/units/import/template/", views.import_template, {"kind": "units"}, name="unit_template"),
    path("people/units/<str:code>/grant/", views.grant_give, name="grant_give"),
    path("people/grants/<int:grant_id>/revoke/", views.grant_revoke, name="grant_revoke"),
    path("people/slips/", views.people_slips, name="people_slips"),
    path("people/locks/", views.locks, name="locks"),
    path("people/locks/<int:lock_id>/release/", views.lock_release, name="lock_release"),
    path("people/<int:user_id>/", views.person, name="person"),
    path("people/<int:user_id>/reset/", views.person_reset, name="person_reset"),
    path("people/<int:user_id>/second-factor/", views.person_drop_factor, name="person_drop_factor"),
    path("stand-ins/", stand_ins.stand_ins, name="stand_ins"),
    path("stand-ins/<int:grant_id>/end/", stand_ins.stand_in_end, name="stand_in_end"),
    path("purpose/", purpose.purpose, name="purpose"),
    path("trail-heads/", heads.head_list, name="trail_head_list"),
    path("trail-heads/verify.py", heads.verifier, name="trail_verifier"),
    path("trail-heads/<str:code>.json", heads.heads, name="trail_heads"),
    path("trail/exports/", trail.exports, name="trail_exports"),
    path("trail/exports/list/", trail.export_list, name="trail_export_list"),
    path("trail/exports/<int:pk>/cancel/", trail.export_cancel, name="trail_export_cancel"),
    path("trail/exports/<int:pk>/download/", trail.export_download, name="trail_export_download"),
    path("trail/exported/<int:pk>/", trail.trail_manifest, name="trail_manifest"),
    path("trail/heads/", trail.head_page, name="trail_head_page"),
    path("trail/heads/below.json", trail.heads_below, name="trail_heads_below"),
    path("trail/entries/<int:pk>/proof/", trail.entry_proof, name="trail_proof"),
    path("trail/<str:code>/export/", trail.trail_export, name="trail_export"),
]
