package tenant

import (
	_ "embed"
	"io"
	"strings"
)

//go:embed sample.json
var sampleText string

// The ids of the built-in sample directory (sample.json), for tests. The second group of an id says
// what it is: a app id, b enterprise application's object id, c app registration's object id, d
// mailbox guid, f Entra user id.
const (
	SampleTenantID = "10000000-0000-4000-8000-000000000001"
	SampleDomain   = "contoso.example"

	// The service is the product's own identity: a managed identity.
	SampleServiceAppID    = "a0000000-0000-4000-8000-000000000001"
	SampleServiceObjectID = "b0000000-0000-4000-8000-000000000001"

	// Newsletter is an application without any access; its secret is SampleNewsletterSecret.
	SampleNewsletterAppID          = "a0000000-0000-4000-8000-000000000002"
	SampleNewsletterObjectID       = "b0000000-0000-4000-8000-000000000002"
	SampleNewsletterRegistrationID = "c0000000-0000-4000-8000-000000000002"
	SampleNewsletterSecret         = "newsletter-sample-secret"

	// Room Booking is a managed identity without any access.
	SampleRoomBookingAppID    = "a0000000-0000-4000-8000-000000000003"
	SampleRoomBookingObjectID = "b0000000-0000-4000-8000-000000000003"

	// Archive holds an organization-wide Mail.ReadWrite consent on Graph.
	SampleArchiveAppID          = "a0000000-0000-4000-8000-000000000004"
	SampleArchiveObjectID       = "b0000000-0000-4000-8000-000000000004"
	SampleArchiveRegistrationID = "c0000000-0000-4000-8000-000000000004"
	SampleArchiveSecret         = "archive-sample-secret"

	// Helpdesk has a pointer and a scoped Mail.Read assignment that somebody else made.
	SampleHelpdeskAppID          = "a0000000-0000-4000-8000-000000000005"
	SampleHelpdeskObjectID       = "b0000000-0000-4000-8000-000000000005"
	SampleHelpdeskRegistrationID = "c0000000-0000-4000-8000-000000000005"
	SampleHelpdeskSecret         = "helpdesk-sample-secret"
	SampleHelpdeskScope          = "Helpdesk HR mailbox"
	SampleHelpdeskAssignment     = "Helpdesk reads HR"

	// The two resource principals stand in every tenant, whatever its directory.
	SampleGraphObjectID    = "b0000000-0000-4000-8000-0000000000f1"
	SampleExchangeObjectID = "b0000000-0000-4000-8000-0000000000f2"

	SampleNewsGUID      = "d0000000-0000-4000-8000-000000000001" // news@, SharedMailbox
	SampleHRGUID        = "d0000000-0000-4000-8000-000000000002" // hr@, SharedMailbox
	SampleCEOGUID       = "d0000000-0000-4000-8000-000000000003" // ceo@, UserMailbox
	SampleCFOGUID       = "d0000000-0000-4000-8000-000000000004" // cfo@, UserMailbox
	SampleRoomParisGUID = "d0000000-0000-4000-8000-000000000005" // room-paris@, RoomMailbox
	SampleProjectorGUID = "d0000000-0000-4000-8000-000000000006" // projector@, EquipmentMailbox
	SamplePartnerGUID   = "d0000000-0000-4000-8000-000000000007" // partner@, MailUser
	SampleTeamGUID      = "d0000000-0000-4000-8000-000000000008" // team@, GroupMailbox
	SampleAliceGUID     = "d0000000-0000-4000-8000-000000000011" // alice@, the first of ten UserMailboxes

	// Sales holds Alice, Bob and, nested, Sales South, which holds Carol. Both are mail-enabled
	// security groups owned by Alice.
	SampleSalesGUID      = "90000000-0000-4000-8000-000000000001"
	SampleSalesEntraID   = "91000000-0000-4000-8000-000000000001"
	SampleSalesSouthGUID = "90000000-0000-4000-8000-000000000002"
	// All Staff is an open distribution list of Alice and Dave.
	SampleAllStaffGUID = "90000000-0000-4000-8000-000000000003"
	// Team is a Microsoft 365 group of Erin and Frank, with SampleTeamGUID.
	SampleTeamEntraID = "f0000000-0000-4000-8000-000000000008"
	// Europe is a dynamic list of those with CustomAttribute1 emea.
	SampleEuropeGUID = "90000000-0000-4000-8000-000000000005"
	// Building Access is a plain security group of Grace, which Exchange does not know.
	SampleBuildingEntraID = "91000000-0000-4000-8000-000000000006"
	SampleEmptyGroupGUID  = "90000000-0000-4000-8000-000000000007"
	// Paris is an administrative unit of Heidi, Ivan and the group Sales South (but not of Carol).
	SampleParisUnitID = "92000000-0000-4000-8000-000000000001"
)

func sampleDirectory() io.Reader { return strings.NewReader(sampleText) }

// What the sample's service may do, as the text of its directory says it, and what it may do when it
// also writes.
const (
	sampleRoles         = `"Exchange.ManageAsApp"]`
	sampleWritingRoles  = `"Exchange.ManageAsApp", "AppRoleAssignment.ReadWrite.All"]`
	sampleExchangeRoles = `"exchangeRoles": ["Role Management", `
	sampleExchangeMore  = sampleExchangeRoles + `"Distribution Groups", "Organization Configuration", "Mail Recipients", "Mail Recipient Creation", `
)

// SampleWritingDirectory is the built-in directory whose service may also write what the older
// mechanisms take: consents, groups, policies, mailbox permissions and shared mailboxes.
func SampleWritingDirectory() string {
	return strings.NewReplacer(sampleRoles, sampleWritingRoles, sampleExchangeRoles, sampleExchangeMore).Replace(sampleText)
}

// SampleServiceSecret is what the service signs in with in SampleSecretDirectory.
const SampleServiceSecret = "service-sample-secret"

// SampleSecretDirectory is the built-in directory whose service is an application with a secret,
// as on a machine that has no managed identity.
func SampleSecretDirectory() string {
	const named = `"displayName": "mailgrant",
    "type": `
	return strings.Replace(sampleText, named+`"ManagedIdentity"`, named+`"Application", "secret": "`+SampleServiceSecret+`"`, 1)
}

// SampleDirectory is the built-in directory as JSON, to start from when writing another one.
func SampleDirectory() string { return sampleText }
