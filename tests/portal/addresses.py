"""Addresses of the pages of a unit in the cast's campaign."""

from django.urls import reverse


def url(cast, route, unit, *more):
    return reverse(route, args=[cast.campaign.slug, cast.nodes[unit].pk, *more])
