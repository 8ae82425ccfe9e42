from django.urls import path

from quetsach.portal.tools import views

urlpatterns = [
    path("cong-cu/", views.tools, name="tools"),
    path("cong-cu/to-huong-dan/", views.sheet, name="tools_sheet"),
    path("cong-cu/sha256.txt", views.checksums, name="tools_sums"),
    path("cong-cu/bo-kiem-tra/<str:name>", views.stick, name="stick_file"),
    path("cong-cu/may-quet/<str:name>", views.scanner, name="scanner_file"),
    path("cong-cu/tep/<uuid:tool_id>/", views.tool_file, name="tool_file"),
    path("cd/<slug:slug>/cong-cu/", views.edit, name="tools_edit"),
    path("cd/<slug:slug>/cong-cu/bat-dau/", views.take_start, name="tools_start"),
    path("cd/<slug:slug>/cong-cu/<uuid:tool_id>/bo/", views.withdraw, name="tool_withdraw"),
    path("cd/<slug:slug>/cong-cu/<uuid:tool_id>/dua-lai/", views.put_back, name="tool_put_back"),
]
