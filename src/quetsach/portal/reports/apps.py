from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "quetsach.portal.reports"

    def ready(self) -> None:
        from quetsach.portal.campaigns.issuing import annex_versions, first_run
        from quetsach.portal.campaigns.open_work import OPEN_WORK
        from quetsach.portal.campaigns.tasks import FACTS, PROVIDERS, STANDINGS
        from quetsach.portal.reports.annexforms import versions as formversions
        from quetsach.portal.reports.arrived_files import shown_state
        from quetsach.portal.reports.dashboard import audiences
        from quetsach.portal.reports.frozen.queries import restated_unread
        from quetsach.portal.reports.queries import first_report_at
        from quetsach.portal.reports.standing import (
            missing_below,
            reports_stand,
            returned_below,
            with_file_below,
        )
        from quetsach.portal.reports.tasks import RESTATED, REVIEWS, reports_to_do

        PROVIDERS.append(reports_to_do)
        STANDINGS.append(reports_stand)
        FACTS["report_state"] = shown_state
        FACTS["reports_missing"] = missing_below
        FACTS["reports_returned"] = returned_below
        FACTS["reports_in_files"] = with_file_below
        FACTS[RESTATED] = restated_unread
        OPEN_WORK["rollup"] = REVIEWS
        annex_versions.PROVIDERS.append(formversions.offered)
        first_run.LATER["report"] = first_report_at
        audiences.add()
