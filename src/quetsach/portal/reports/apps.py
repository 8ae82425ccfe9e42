from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "quetsach.portal.reports"

    def ready(self) -> None:
        from quetsach.portal.campaigns.issuing import annex_versions, first_run
        from quetsach.portal.campaigns.open_work import OPEN_WORK
        from quetsach.portal.campaigns.tasks import PROVIDERS
        from quetsach.portal.reports.annexforms import versions as formversions
        from quetsach.portal.reports.dashboard import audiences
        from quetsach.portal.reports.queries import first_report_at
        from quetsach.portal.reports.tasks import REVIEWS, reports_to_do

        PROVIDERS.append(reports_to_do)
        OPEN_WORK["rollup"] = REVIEWS
        annex_versions.PROVIDERS.append(formversions.offered)
        first_run.LATER["report"] = first_report_at
        audiences.add()
