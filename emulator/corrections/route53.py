"""Route 53: what is logged of a zone."""

from moto.route53 import models

from emulator.patching import correction, replacing


@correction("route53", "ListQueryLoggingConfigs knows a zone by its plain id, and lists that zone's only")
def query_logging():
    backend = models.Route53Backend

    @replacing(backend, "list_query_logging_configs")
    def listed(original, self, hosted_zone_id=None, **more):
        configs, token = original(self, hosted_zone_id=None, **more)
        if hosted_zone_id is None:
            return configs, token
        self.get_hosted_zone(hosted_zone_id)
        return [one for one in configs if one.hosted_zone_id.endswith(hosted_zone_id)], token
