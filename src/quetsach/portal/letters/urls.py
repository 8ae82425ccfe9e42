from django.urls import path

from quetsach.portal.letters import views, views_issue

app_name = "letters"
_NODE = "cd/<slug:slug>/cong-van/<uuid:node_id>/"
_LETTER = f"{_NODE}<uuid:letter_id>/"
urlpatterns = [
    path(_NODE, views.letters, name="list"),
    path(f"{_NODE}soan/", views.compose, name="compose"),
    path(f"{_LETTER}soan/", views.edit, name="edit"),
    path(f"{_LETTER}kiem-tra/", views.check, name="check"),
    path(f"{_LETTER}xem-thu.pdf", views.preview, name="preview"),
    path("cd/<slug:slug>/chien-dich/cong-van/", views.order, name="order"),
    path(_LETTER, views.look, name="look"),
    path(f"{_LETTER}trang-<int:number>.png", views.page_image, name="page_image"),
    path(f"{_LETTER}cong-van.<slug:form>", views.file, name="file"),
    path(f"{_LETTER}xoa/", views.discard, name="discard"),
    path(f"{_LETTER}phat-hanh/", views_issue.issue, name="issue"),
    path(f"{_LETTER}ban-ky/", views_issue.attach, name="attach"),
    path(f"{_LETTER}ban-ky.pdf", views_issue.signed, name="signed"),
    path(f"{_LETTER}thu-hoi/", views_issue.withdraw, name="withdraw"),
]
