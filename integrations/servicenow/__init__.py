"""ServiceNow: incidents of its Incident Management."""

from integrations.servicenow.create_incident import SERVICENOW, CreateIncident

ACTIONS = (CreateIncident(),)
CONNECTIONS = (SERVICENOW,)
