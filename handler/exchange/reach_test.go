package exchange

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	testGroup = "90000000-0000-4000-8000-000000000001"
	groupDN   = "CN=Sales,OU=contoso.example,DC=PROD,DC=OUTLOOK,DC=COM"
	groupRow  = `{"Guid":"90000000-0000-4000-8000-000000000001","ExternalDirectoryObjectId":"91000000-0000-4000-8000-000000000001",` +
		`"DistinguishedName":"` + groupDN + `","Name":"Sales20261101","DisplayName":"Sales","WindowsEmailAddress":"Sales@contoso.example",` +
		`"ManagedBy":["Ann"],"RecipientTypeDetails":"MailUniversalSecurityGroup"}`
	joiningRow = `{"Guid":"90000000-0000-4000-8000-000000000001","RecipientTypeDetails":"MailUniversalSecurityGroup",` +
		`"MemberJoinRestriction":"Open","MemberDepartRestriction":"Closed","ManagedBy":["Ann"]}`
	unitRow = `{"Name":"92000000-0000-4000-8000-000000000001","Identity":"contoso.example/Paris","DisplayName":"Paris","Guid":"5C000000-0000-4000-8000-000000000004"}`
)

// reachCases are the reads of one request each.
func reachCases(ctx context.Context) map[string]cmdletCase {
	unlimited := map[string]any{"ResultSize": "Unlimited"}
	const id = "tenant-request-7"
	yes := true
	unit := AdministrativeUnit{ID: "92000000-0000-4000-8000-000000000001", GUID: "5c000000-0000-4000-8000-000000000004",
		Name: "92000000-0000-4000-8000-000000000001", Identity: "contoso.example/Paris", DisplayName: "Paris", RequestID: id}
	return map[string]cmdletCase{
		"Get-AdministrativeUnit": {rows(unitRow),
			func(c *Client) (any, error) {
				return c.FindAdministrativeUnit(ctx, "92000000-0000-4000-8000-000000000001")
			},
			map[string]any{"Identity": "92000000-0000-4000-8000-000000000001"}, unit},
		"Get-AdministrativeUnit, all": {rows(unitRow),
			func(c *Client) (any, error) { return c.ListAdministrativeUnits(ctx) }, map[string]any{}, []AdministrativeUnit{unit}},
		"Get-ApplicationAccessPolicy": {
			rows(`{"Identity":"t\\a:S-1;g","AppId":"*","AccessRight":"DenyAccess","ScopeName":"Sales","ScopeIdentity":"Sales2","ScopeIdentityRaw":"S-1-5-21;90000000-0000-4000-8000-000000000001"}`,
				`{"Identity":"t\\b:S-1;h","AppId":"3A1C0000-0000-4000-8000-0000000000AB","AccessRight":"RestrictAccess","ScopeName":"Sales","Description":null,"IsValid":"False"}`),
			func(c *Client) (any, error) { return c.ListApplicationAccessPolicies(ctx) }, map[string]any{},
			[]ApplicationAccessPolicy{
				{Identity: `t\a:S-1;g`, AppID: EveryApplication, AccessRight: "DenyAccess", ScopeName: "Sales", ScopeIdentity: "Sales2", ScopeGUID: testGroup, Valid: true, RequestID: id},
				{Identity: `t\b:S-1;h`, AppID: testAppID, AccessRight: "RestrictAccess", ScopeName: "Sales", RequestID: id}}},
		"Get-MailboxPermission": {
			rows(`{"Identity":"News","User":"NT AUTHORITY\\SELF","AccessRights":["FullAccess","ReadPermission"],"IsInherited":false,"Deny":false}`,
				`{"Identity":"News","User":"`+testObjectID+`","AccessRights":"FullAccess, DeleteItem","IsInherited":"True","Deny":"True"}`),
			func(c *Client) (any, error) { return c.ListMailboxPermissions(ctx, strings.ToUpper(testMailbox)) }, map[string]any{"Identity": testMailbox},
			[]MailboxPermission{
				{Mailbox: "News", Trustee: `NT AUTHORITY\SELF`, Rights: []string{"FullAccess", "ReadPermission"}, RequestID: id},
				{Mailbox: "News", Trustee: testObjectID, Rights: []string{"FullAccess", "DeleteItem"}, Deny: true, Inherited: true, RequestID: id}}},
		"Get-RecipientPermission": {
			rows(`{"Identity":"News","Trustee":"x","AccessControlType":"Allow","AccessRights":["SendAs"]}`, `{"Identity":"news","Trustee":"y","AccessControlType":"deny","AccessRights":"SendAs"}`),
			func(c *Client) (any, error) { return c.ListRecipientPermissions(ctx, testMailbox) }, map[string]any{"Identity": testMailbox},
			[]RecipientPermission{{Recipient: "News", Trustee: "x", Rights: []string{"SendAs"}, RequestID: id}, {Recipient: "news", Trustee: "y", Rights: []string{"SendAs"}, Deny: true, RequestID: id}}},
		"Get-ManagementRole": {
			rows(`{"Name":"Application Mail.Send","RoleType":"ApplicationMailSend","Guid":"5C000000-0000-4000-8000-000000000005"}`, `{"Name":"Mail Recipients"}`, `{"Name":"ApplicationImpersonation"}`),
			func(c *Client) (any, error) { return c.ListManagementRoles(ctx) }, map[string]any{"Identity": "Application*"},
			[]ManagementRole{{Name: "Application Mail.Send", RoleType: "ApplicationMailSend", GUID: "5c000000-0000-4000-8000-000000000005", RequestID: id}, {Name: "ApplicationImpersonation", RequestID: id}}},
		"Get-RoleGroup": {rows(`{"Name":"Organization Management","Members":["Ann"],"Roles":["Role Management"]}`),
			func(c *Client) (any, error) { return c.ListRoleGroups(ctx) }, map[string]any{},
			[]RoleGroup{{Name: "Organization Management", Members: []string{"Ann"}, Roles: []string{"Role Management"}, RequestID: id}}},
		"Get-RoleGroupMember": {rows(`{"Name":"x","ExternalDirectoryObjectId":"3A1C0000-0000-4000-8000-0000000000AA","RecipientType":"User"}`),
			func(c *Client) (any, error) { return c.ListRoleGroupMembers(ctx, "Organization Management") },
			map[string]any{"Identity": "Organization Management", "ResultSize": "Unlimited"},
			[]RoleGroupMember{{Name: "x", ExternalDirectoryObjectID: testObjectID, Type: "User", RequestID: id}}},
		"Get-ServicePrincipal": {rows(pointerRow),
			func(c *Client) (any, error) { found, err := c.ListServicePrincipals(ctx); return len(found), err }, map[string]any{}, 1},
		"Get-OrganizationConfig": {rows(`{"Name":"contoso","IsDehydrated":"False","EwsEnabled":true,"EwsApplicationAccessPolicy":"EnforceAllowList","EwsAllowList":["a"],"EWSAllowedAppIDs":"A1, B2"}`),
			func(c *Client) (any, error) { return c.GetOrganizationConfig(ctx) }, map[string]any{},
			OrganizationConfig{Name: "contoso", EWSEnabled: &yes, EWSApplicationAccessPolicy: "EnforceAllowList", EWSAllowList: []string{"a"}, EWSAllowedAppIDs: []string{"a1", "b2"}, RequestID: id}},
		"Get-Recipient": {rows(recipientRow),
			func(c *Client) (any, error) {
				found, err := c.ListRecipients(ctx, "Alias -eq 'x'")
				return len(found), err
			},
			map[string]any{"Filter": "Alias -eq 'x'", "ResultSize": "Unlimited"}, 1},
		"Get-Mailbox": {rows(recipientRow),
			func(c *Client) (any, error) { found, err := c.ListMailboxes(ctx); return len(found), err }, unlimited, 1},
		"Get-DistributionGroupMember": {rows(recipientRow),
			func(c *Client) (any, error) {
				found, err := c.ListGroupMembers(ctx, Group{GUID: testGroup, Type: DistributionList})
				return len(found), err
			}, map[string]any{"Identity": testGroup, "ResultSize": "Unlimited"}, 1},
		"Get-UnifiedGroupLinks": {rows(),
			func(c *Client) (any, error) {
				found, err := c.ListGroupMembers(ctx, Group{GUID: testGroup, Type: Microsoft365Group})
				return len(found), err
			}, map[string]any{"Identity": testGroup, "LinkType": "Members", "ResultSize": "Unlimited"}, 0},
		"New-ManagementRoleAssignment": {rows(`{"Name":"n","Role":"r","RecipientGroupScope":"Sales","RecipientAdministrativeUnitScope":null,"RoleAssignmentDelegationType":"Regular"}`),
			func(c *Client) (any, error) {
				return c.NewManagementRoleAssignment(ctx, NewRoleAssignment{Name: "n", Role: "r", App: testObjectID, RecipientGroupScope: strings.ToUpper(testGroup)})
			}, map[string]any{"Name": "n", "Role": "r", "App": testObjectID, "RecipientGroupScope": strings.ToUpper(testGroup)},
			RoleAssignment{Name: "n", Role: "r", RecipientGroupScope: "Sales", DelegationType: "Regular", Enabled: true, RequestID: id}},
	}
}

func TestEveryReadOfReachOnTheWire(t *testing.T) {
	t.Parallel()
	for name, test := range reachCases(context.Background()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, test.answer))
			got, err := test.call(played.client)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			cmdlet, _, _ := strings.Cut(name, ",")
			requests := played.requests()
			if len(requests) != 1 || requests[0].cmdlet != cmdlet || !reflect.DeepEqual(requests[0].parameters, test.parameters) {
				t.Errorf("sent %+v, want one %s with %v", requests, cmdlet, test.parameters)
			}
		})
	}
}

// A unit scope is sent as such, and nothing else about reach.
func TestAssignmentToAUnit(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows(`{"Name":"n","Role":"r"}`)))
	_, err := played.client.NewManagementRoleAssignment(context.Background(),
		NewRoleAssignment{Name: "n", Role: "r", App: testObjectID, CustomResourceScope: " ", RecipientAdministrativeUnitScope: testGroup})
	want := map[string]any{"Name": "n", "Role": "r", "App": testObjectID, "RecipientAdministrativeUnitScope": testGroup}
	if sent := played.requests()[0].parameters; err != nil || !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %v, %v", sent, err)
	}
}

// Answers that are a success and cannot be used, for each new read.
func TestReachTrustsNoHalfAnswer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	policies := func(c *Client) error { _, err := c.ListApplicationAccessPolicies(ctx); return err }
	mailbox := func(c *Client) error { _, err := c.ListMailboxPermissions(ctx, testMailbox); return err }
	sending := func(c *Client) error { _, err := c.ListRecipientPermissions(ctx, testMailbox); return err }
	members := func(c *Client) error {
		_, err := c.ListGroupMembers(ctx, Group{GUID: testGroup, Type: MailEnabledSecurityGroup})
		return err
	}
	organization := func(c *Client) error { _, err := c.GetOrganizationConfig(ctx); return err }
	cases := map[string]struct {
		body string
		call func(*Client) error
	}{
		"policy of no application": {rows(`{"Identity":"i","AppId":"Newsletter","AccessRight":"DenyAccess"}`), policies},
		"policy of no right":       {rows(`{"Identity":"i","AppId":"*"}`), policies},
		"policy twice":             {rows(`{"Identity":"i","AppId":"*","AccessRight":"DenyAccess"}`, `{"Identity":"I","AppId":"*","AccessRight":"DenyAccess"}`), policies},
		"no own entry":             {rows(), mailbox},
		"two mailboxes":            {rows(`{"Identity":"a","User":"u","AccessRights":["FullAccess"]}`, `{"Identity":"b","User":"u","AccessRights":["FullAccess"]}`), mailbox},
		"nobody's permission":      {rows(`{"Identity":"a","AccessRights":["FullAccess"]}`), mailbox},
		"permission of no right":   {rows(`{"Identity":"a","User":"u","AccessRights":[]}`), mailbox},
		"two recipients":           {rows(`{"Identity":"a","Trustee":"u","AccessRights":"SendAs"}`, `{"Identity":"b","Trustee":"u","AccessRights":"SendAs"}`), sending},
		"member of no type":        {rows(`{"Guid":"` + testMailbox + `"}`), members},
		"member of no id":          {rows(`{"Name":"Ann","RecipientTypeDetails":"UserMailbox"}`), members},
		"member twice":             {rows(recipientRow, recipientRow), members},
		"members cut by a warning": {`{"@adminapi.warnings":["There are more results available."],"value":[` + recipientRow + `]}`, members},
		"no organization":          {rows(), organization},
		"two organizations":        {rows(`{"Name":"a"}`, `{"Name":"b"}`), organization},
		"a nameless organization":  {rows(`{"IsDehydrated":false}`), organization},
		"a nameless role":          {rows(`{"RoleType":"x"}`), func(c *Client) error { _, err := c.ListManagementRoles(ctx); return err }},
		"a nameless role group":    {rows(`{}`), func(c *Client) error { _, err := c.ListRoleGroups(ctx); return err }},
		"an unknowable member":     {rows(`{"DisplayName":"x"}`), func(c *Client) error { _, err := c.ListRoleGroupMembers(ctx, "g"); return err }},
		"another unit":             {rows(unitRow), func(c *Client) error { _, err := c.FindAdministrativeUnit(ctx, "Rome"); return err }},
		"a unit of no id":          {rows(`{"Name":"Paris"}`), func(c *Client) error { _, err := c.FindAdministrativeUnit(ctx, "Paris"); return err }},
		"another group":            {rows(groupRow), func(c *Client) error { _, err := c.FindGroup(ctx, "Marketing"); return err }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantKind(t, test.call(newWire(t, says(http.StatusOK, test.body)).client), Incomplete)
		})
	}
}

func TestReachSendsNothingDangerous(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cases := map[string]struct {
		kind Kind
		call func(*Client) error
	}{
		"empty filter":       {BadParameter, func(c *Client) error { _, err := c.ListRecipients(ctx, " "); return err }},
		"empty group":        {BadParameter, func(c *Client) error { _, err := c.FindGroup(ctx, ""); return err }},
		"all groups":         {BadParameter, func(c *Client) error { _, err := c.FindGroup(ctx, "*"); return err }},
		"empty unit":         {BadParameter, func(c *Client) error { _, err := c.FindAdministrativeUnit(ctx, ""); return err }},
		"empty role group":   {BadParameter, func(c *Client) error { _, err := c.ListRoleGroupMembers(ctx, ""); return err }},
		"mailbox by name":    {BadParameter, func(c *Client) error { _, err := c.ListMailboxPermissions(ctx, "News"); return err }},
		"recipient by name":  {BadParameter, func(c *Client) error { _, err := c.ListRecipientPermissions(ctx, ""); return err }},
		"test of no app":     {BadParameter, func(c *Client) error { _, err := c.TestApplicationAccessPolicy(ctx, "*", testMailbox); return err }},
		"test of no mailbox": {BadParameter, func(c *Client) error { _, err := c.TestApplicationAccessPolicy(ctx, testAppID, "News"); return err }},
		"group without id":   {BadParameter, func(c *Client) error { _, err := c.ListGroupMembers(ctx, Group{Type: Microsoft365Group}); return err }},
		"dynamic list": {WrongType, func(c *Client) error {
			_, err := c.ListGroupMembers(ctx, Group{GUID: testGroup, Type: DynamicDistributionList})
			return err
		}},
		"group of no type": {WrongType, func(c *Client) error { _, err := c.ListGroupMembers(ctx, Group{GUID: testGroup}); return err }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, rows()))
			wantKind(t, test.call(played.client), test.kind)
			if sent := len(played.requests()); sent != 0 {
				t.Errorf("%d requests were sent", sent)
			}
		})
	}
}
