from django.apps import AppConfig


class ChecksConfig(AppConfig):
    name = "quetsach.portal.checks"

    def ready(self) -> None:
        from quetsach.portal.campaigns import tasks
        from quetsach.portal.cases.flags import BY_CHECKS
        from quetsach.portal.cases.following_actions import AFTER, FOLLOWERS
        from quetsach.portal.checks.case_flags import BY_COPIES
        from quetsach.portal.checks.following_actions import follow_results, mark
        from quetsach.portal.checks.queries import FACTS, stated_computers
        from quetsach.portal.checks.tasks import checks_to_do
        from quetsach.portal.machines.register.queries import STATED

        BY_CHECKS.update(BY_COPIES)
        FOLLOWERS.append(mark)
        AFTER.append(follow_results)
        STATED.append(stated_computers)
        tasks.PROVIDERS.append(checks_to_do)
        tasks.FACTS.update(FACTS)
