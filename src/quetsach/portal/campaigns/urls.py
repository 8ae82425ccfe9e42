from django.urls import path

from quetsach.portal.campaigns import views_audit, views_public, views_tokens, views_work

urlpatterns = [
    path("", views_public.home, name="home"),
    path("cd/<slug:slug>/", views_public.campaign_page, name="campaign_page"),
    path("cd/<slug:slug>/van-ban/", views_public.campaign_letter, name="campaign_letter"),
    path("viec-cua-toi/", views_work.my_work, name="my_work"),
    path("cd/<slug:slug>/viec-hom-nay/", views_work.today, name="today"),
    path("cd/<slug:slug>/cong-van/", views_work.letter, name="letter"),
    path("cd/<slug:slug>/ma-ket-noi/", views_tokens.tokens, name="tokens"),
    path("cd/<slug:slug>/so-thao-tac/", views_audit.audit, name="audit"),
]
