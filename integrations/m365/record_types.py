"""The record types of Microsoft 365's audit log: number to name.

Reference: https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema
(AuditLogRecordType). A number that is not here is ``event.code`` as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
1 ExchangeAdmin, 2 ExchangeItem, 3 ExchangeItemGroup, 4 SharePoint, 6 SharePointFileOperation, 7 OneDrive,
8 AzureActiveDirectory, 9 AzureActiveDirectoryAccountLogon, 10 DataCenterSecurityCmdlet, 11 ComplianceDLPSharePoint,
12 Sway, 13 ComplianceDLPExchange, 14 SharePointSharingOperation, 15 AzureActiveDirectoryStsLogon,
16 SkypeForBusinessPSTNUsage, 17 SkypeForBusinessUsersBlocked, 18 SecurityComplianceCenterEOPCmdlet,
19 ExchangeAggregatedOperation, 20 PowerBIAudit, 21 CRM, 22 Yammer, 23 SkypeForBusinessCmdlets, 24 Discovery,
25 MicrosoftTeams, 28 ThreatIntelligence, 29 MailSubmission, 30 MicrosoftFlow, 31 AeD, 32 MicrosoftStream,
33 ComplianceDLPSharePointClassification, 34 ThreatFinder, 35 Project, 36 SharePointListOperation,
37 SharePointCommentOperation, 38 DataGovernance, 39 Kaizala, 40 SecurityComplianceAlerts, 41 ThreatIntelligenceUrl,
42 SecurityComplianceInsights, 43 MIPLabel, 44 WorkplaceAnalytics, 45 PowerAppsApp, 46 PowerAppsPlan,
47 ThreatIntelligenceAtpContent, 48 LabelContentExplorer, 49 TeamsHealthcare, 50 ExchangeItemAggregated,
51 HygieneEvent, 52 DataInsightsRestApiAudit, 53 InformationBarrierPolicyApplication, 54 SharePointListItemOperation,
55 SharePointContentTypeOperation, 56 SharePointFieldOperation, 57 MicrosoftTeamsAdmin, 58 HRSignal,
59 MicrosoftTeamsDevice, 60 MicrosoftTeamsAnalytics, 61 InformationWorkerProtection, 62 Campaign, 63 DLPEndpoint,
64 AirInvestigation, 65 Quarantine, 66 MicrosoftForms, 67 ApplicationAudit, 68 ComplianceSupervisionExchange,
69 CustomerKeyServiceEncryption, 70 OfficeNative, 71 MipAutoLabelSharePointItem,
72 MipAutoLabelSharePointPolicyLocation, 73 MicrosoftTeamsShifts, 75 MipAutoLabelExchangeItem, 76 CortanaBriefing,
78 WDATPAlerts, 82 SensitivityLabelPolicyMatch, 83 SensitivityLabelAction, 84 SensitivityLabeledFileAction,
85 AttackSim, 86 AirManualInvestigation, 87 SecurityComplianceRBAC, 88 UserTraining, 89 AirAdminActionInvestigation,
90 MSTIC, 91 PhysicalBadgingSignal, 93 AipDiscover, 94 AipSensitivityLabelAction, 95 AipProtectionAction,
96 AipFileDeleted, 97 AipHeartBeat, 98 MCASAlerts, 99 OnPremisesFileShareScannerDlp,
100 OnPremisesSharePointScannerDlp, 101 ExchangeSearch, 102 SharePointSearch, 103 PrivacyInsights,
105 MyAnalyticsSettings, 106 SecurityComplianceUserChange, 107 ComplianceDLPExchangeClassification,
109 MipExactDataMatch, 113 MS365DCustomDetection, 147 CoreReportingSettings, 148 ComplianceConnector,
174 DataShareOperation, 183 MicrosoftGraphDataConnectOperation, 188 PlannerPlan, 189 PlannerCopyPlan,
190 PlannerTask, 191 PlannerRoster, 192 PlannerPlanList, 193 PlannerTaskList, 194 PlannerTenantSettings,
195 ProjectForTheWebProject, 196 ProjectForTheWebTask, 197 ProjectForTheWebRoadmap, 198 ProjectForTheWebRoadmapItem,
199 ProjectForTheWebProjectSettings, 200 ProjectForTheWebRoadmapSettings, 202 MicrosoftTodoAudit, 216 VivaGoals,
217 MicrosoftGraphDataConnectConsent, 218 AttackSimAdmin, 230 TeamsUpdates, 231 PlannerRosterSensitivityLabel,
237 DefenderExpertsforXDRAdmin, 261 CopilotInteraction
"""

RECORD_TYPES: Mapping[int, str] = {
    int(number): name
    for number, name in (each.split() for each in _NAMES.replace("\n", " ").split(",") if each.strip())
}
