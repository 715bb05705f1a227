"""Sigma's field names on ECS ones for office suites and their directories.

Rules about these write what their authors saw: the API's record, a portal's column, a table of Log
Analytics. Each name stands here with the ECS field, or the vendor's own, that has an exact copy.
"""

from __future__ import annotations

from collections.abc import Mapping

_ENTRA = "vendor.properties"
"""Where a record of Entra ID keeps its own, whichever way it came."""
ENTRA_SIGNIN: Mapping[str, str] = {
    "userAgent": "user_agent.original",
    "AuthenticationRequirement": f"{_ENTRA}.authenticationRequirement",
    "RiskState": f"{_ENTRA}.riskState",
    "ResourceDisplayName": f"{_ENTRA}.resourceDisplayName",
    "conditionalAccessStatus": f"{_ENTRA}.conditionalAccessStatus",
    "ClientApp": f"{_ENTRA}.clientAppUsed",
    "DeviceDetail.deviceId": f"{_ENTRA}.deviceDetail.deviceId",
    "DeviceDetail.isCompliant": f"{_ENTRA}.deviceDetail.isCompliant",
    "DeviceDetail.trusttype": f"{_ENTRA}.deviceDetail.trustType",
    "Resultdescription": "vendor.ResultDescription",
    "Username": "user.email",
}
"""Rules write the columns of Log Analytics, of the portal or of the API, as their authors met them."""
ENTRA_AUDIT: Mapping[str, str] = {
    **dict.fromkeys(
        ("OperationName", "operationName", "ActivityDisplayName", "ActivityType", "activityType"),
        "event.action",
    ),
    "LoggedByService": "event.provider",
    "Category": f"{_ENTRA}.category",
    "category": f"{_ENTRA}.category",
    "properties.targetResources": "vendor.TargetResources",
    "targetResources.type": "vendor.TargetTypes",
    "TargetResources.modifiedProperties": "vendor.TargetResources",
    "TargetResources.modifiedProperties.newValue": f"{_ENTRA}.targetResources.modifiedProperties.newValue",
    "TargetResources.ModifiedProperties.NewValue": f"{_ENTRA}.targetResources.modifiedProperties.newValue",
    "TargetResources.ModifiedProperties.DisplayName": (
        f"{_ENTRA}.targetResources.modifiedProperties.displayName"
    ),
    "ConsentContext.IsAdminConsent": "vendor.modified.ConsentContext.IsAdminConsent",
    "additionalDetails.additionalInfo": f"{_ENTRA}.additionalDetails.value",
    "failure_status_reason": "event.reason",
    "Initiatedby": "user.email",
    "Target": "user.target.email",
}
ENTRA_RISK: Mapping[str, str] = {"riskEventType": f"{_ENTRA}.riskEventType"}
WORKSPACE: Mapping[str, str] = {
    "eventName": "event.action",
    "protoPayload.metadata.event.eventName": "event.action",
    **dict.fromkeys(("eventService", "protoPayload.serviceName", "protoPayload.Servicename"), "service.name"),
    "setting_name": "vendor.parameters.SETTING_NAME",
    "new_value": "vendor.parameters.NEW_VALUE",
}
"""Google Workspace; of some events rules have the names of Cloud Logging's copy of the same record."""
M365: Mapping[str, str] = {
    "Operation": "event.action",
    "eventName": "event.action",
    "eventSource": "event.provider",
    "status": "event.outcome",
    "Workload": "event.provider",
    # Lists of {Name, Value}: rules look for names of parameters, and within values of properties.
    "Parameters": "vendor.Parameters.Name",
    "OperationProperties": "vendor.OperationProperties.Value",
    "RequestType": "vendor.ExtendedProperties.Value",
    "Payload": "vendor.Data",
}
M365_ALERT: Mapping[str, str] = {"eventName": "rule.name"}
