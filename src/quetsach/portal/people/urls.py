from django.urls import path

from quetsach.portal.people import views, views_bodies, views_list, views_mark

urlpatterns = [
    path("d/<str:token>/", views_mark.mark_page, name="mark"),
    path("cd/<slug:slug>/so-nguoi/<uuid:node_id>/", views.people, name="people"),
    path("cd/<slug:slug>/so-nguoi/<uuid:node_id>/to-dan/<str:kind>/", views.mark_sheet, name="mark_sheet"),
    path("cd/<slug:slug>/phieu-ky/<uuid:sheet_id>/", views.sign_sheet, name="sign_sheet"),
    path("cd/<slug:slug>/so-lieu/<uuid:node_id>/<str:row>/", views.known, name="known"),
    path("cd/<slug:slug>/dia-ban/<uuid:node_id>/", views_bodies.bodies, name="bodies"),
    path("cd/<slug:slug>/dia-ban/<uuid:node_id>/nhap/", views_list.paste, name="body_paste"),
    path(
        "cd/<slug:slug>/dia-ban/<uuid:node_id>/nhap/<uuid:draft_id>/", views_list.preview, name="body_draft"
    ),
    path("cd/<slug:slug>/dia-ban/<uuid:node_id>/excel/", views_list.workbook, name="body_workbook"),
    path("cd/<slug:slug>/dia-ban/<uuid:node_id>/in/", views_bodies.round_sheet, name="round_sheet"),
    path("cd/<slug:slug>/dia-ban/<uuid:node_id>/<int:body_id>/", views_bodies.body, name="body"),
]
