from django.urls import path

from quetsach.portal.staff import views, views_link, views_person, views_refused, views_trail

urlpatterns = [
    path("tai-khoan/", views_person.my_account, name="my_account"),
    path("quan-tri/", views.staff, name="staff"),
    path("quan-tri/moi/", views.invite, name="staff_invite"),
    path("quan-tri/thu-hoi/<uuid:invitation_id>/", views.revoke, name="staff_revoke"),
    path("quan-tri/gui-lai/<uuid:invitation_id>/", views.renew, name="staff_renew"),
    path("quan-tri/ban-giao/<int:person_id>/", views_person.hand_over, name="staff_hand_over"),
    path("quan-tri/nguoi/<int:person_id>/", views_person.person, name="staff_person"),
    path("quan-tri/vai-tro/<int:seat_id>/", views_person.seat, name="staff_seat"),
    path("quan-tri/so-thao-tac/", views_trail.whole_trail, name="staff_trail"),
    path("quan-tri/bi-tu-choi/", views_refused.refusals, name="staff_refusals"),
    path("loi-moi/tiep/", views_link.proven, name="staff_link_proven"),
    path("loi-moi/<str:token>/", views_link.link, name="staff_link"),
]
