from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "quetsach.portal.cases"

    def ready(self) -> None:
        from quetsach.portal.campaigns import arrivals, tasks
        from quetsach.portal.campaigns.open_work import OPEN_WORK
        from quetsach.portal.cases.arrived import outcome_of
        from quetsach.portal.cases.file_of_machines import concerned
        from quetsach.portal.cases.gaps.places import gaps_of_places
        from quetsach.portal.cases.gaps.tasks import FACTS, gaps_to_close
        from quetsach.portal.cases.owning_actions import follow_range, range_forecast
        from quetsach.portal.cases.pull_actions import pull_sightings
        from quetsach.portal.cases.registered import open_cases, seen_in_logs, seen_later
        from quetsach.portal.cases.summing_actions import follow_gone
        from quetsach.portal.cases.tasks import FACTS as FACTS_OF_MACHINES
        from quetsach.portal.cases.tasks import (
            MACHINES,
            alarms_to_decide,
            late_machines,
            machines_to_do,
            ranges_asked,
            ranges_to_decide,
        )
        from quetsach.portal.cases.victims.actions import follow_reports
        from quetsach.portal.cases.victims.pull_actions import take_reports
        from quetsach.portal.machines.register.queries import CASES, SEEN, SEEN_LATER
        from quetsach.portal.machines.uploads.queries import CONCERNED
        from quetsach.portal.sightings import moving_actions
        from quetsach.portal.sightings.queries import GAPS
        from quetsach.portal.units.range_actions import FOLLOWERS
        from quetsach.portal.units.range_queries import FORECASTS

        CASES.append(open_cases)
        CONCERNED.append(concerned)
        SEEN.append(seen_in_logs)
        SEEN_LATER.append(seen_later)
        GAPS.append(gaps_of_places)
        FOLLOWERS += [follow_range, follow_reports]
        FORECASTS.append(range_forecast)
        moving_actions.FOLLOWERS.append(follow_gone)
        arrivals.LISTENERS.append(pull_sightings)
        arrivals.LISTENERS.append(take_reports)
        arrivals.OUTCOMES.append(outcome_of)
        tasks.PROVIDERS += [machines_to_do, gaps_to_close, ranges_to_decide]
        tasks.PROVIDERS += [late_machines, alarms_to_decide]
        tasks.FACTS.update(FACTS | FACTS_OF_MACHINES | {"ranges_asked": ranges_asked})
        OPEN_WORK["cases"] = MACHINES
