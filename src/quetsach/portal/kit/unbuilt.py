"""A door whose room is still being built. Nothing may point here in a release; a test guards that."""

from django.http import Http404, HttpRequest, HttpResponse


def unbuilt(request: HttpRequest, **kwargs: object) -> HttpResponse:
    """404."""
    raise Http404
