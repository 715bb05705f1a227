"""nginx: access and error logs, and the Kubernetes ingress controller's."""

from integrations.contract import Source
from integrations.nginx.access import ACCESS
from integrations.nginx.error import ERROR
from integrations.nginx.ingress_controller import INGRESS_CONTROLLER

SOURCES: tuple[Source, ...] = (ACCESS, ERROR, INGRESS_CONTROLLER)
