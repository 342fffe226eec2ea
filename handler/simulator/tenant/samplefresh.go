package tenant

import "strings"

// The administrator of the fresh directory is an application that may write app roles and roles of the
// directory, and is an Exchange administrator.
const (
	SampleAdministratorAppID    = "a0000000-0000-4000-8000-000000000009"
	SampleAdministratorObjectID = "b0000000-0000-4000-8000-000000000009"
	SampleAdministratorSecret   = "administrator-sample-secret"
)

const freshAdministrator = `{"appId": "` + SampleAdministratorAppID + `", "objectId": "` + SampleAdministratorObjectID +
	`", "displayName": "Administrator", "type": "Application", "secret": "` + SampleAdministratorSecret + `"},
    `

// SampleFreshDirectory is the built-in directory before anything was set up: the service's identity
// exists and holds nothing, and there is an administrator. Delegation is one of honoured, ignored and
// refused: what delegating assignments of application roles are worth to a role group.
func SampleFreshDirectory(delegation string) string {
	holds := func(resource, permission string) string {
		return `{"workload": "` + SampleAdministratorObjectID + `", "resource": "` + resource + `", "permission": "` + permission + `"},
    `
	}
	at := strings.Index(sampleText, `"roles": ["Application.Read.All"`)
	end := at + strings.Index(sampleText[at:], `]
  },`)
	fresh := sampleText[:at] + `"roles": [], "exchangeRoles": [], "delegating": [` + sampleText[end:]
	return strings.NewReplacer(
		`"servicePrincipals": [
    `, `"roleGroupDelegation": "`+delegation+`",
  "directoryRoles": [{"principal": "`+SampleAdministratorObjectID+`", "role": "Exchange Administrator"}],
  "servicePrincipals": [
    `+freshAdministrator,
		`"consents": [
    `, `"consents": [
    `+holds("graph", "Application.Read.All")+holds("graph", "AppRoleAssignment.ReadWrite.All")+
			holds("graph", "RoleManagement.ReadWrite.Directory")+holds("exchange", "Exchange.ManageAsApp"),
	).Replace(fresh)
}
