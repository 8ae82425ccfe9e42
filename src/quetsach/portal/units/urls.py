from django.urls import path

from quetsach.portal.units import views, views_change, views_import, views_past, views_range

urlpatterns = [
    path("don-vi/", views.units, name="units"),
    path("don-vi/su-kien/<uuid:event_id>/hoan-tac/", views_change.undo, name="unit_undo"),
    path("don-vi/ke-thua/<int:link_id>/", views_change.choose_heir, name="unit_heir"),
    path("don-vi/vao-ngay/", views_past.units_past, name="units_past"),
    path("don-vi/nhap/<uuid:import_id>/", views_import.preview, name="unit_import"),
    path("don-vi/<uuid:unit_id>/", views.unit, name="unit"),
    path("don-vi/<uuid:unit_id>/bang.<str:form>", views_import.table, name="unit_table"),
    path("don-vi/<uuid:unit_id>/dai-dia-chi/", views_range.ranges, name="unit_ranges"),
    path("don-vi/dai-dia-chi/<int:range_id>/<str:act>/", views_range.act, name="unit_range_act"),
    path("don-vi/<uuid:unit_id>/nhap/", views_import.upload, name="unit_upload"),
    path("don-vi/<uuid:unit_id>/<str:act>/", views_change.change, name="unit_change"),
]
