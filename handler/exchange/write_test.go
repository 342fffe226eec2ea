package exchange

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

const (
	testName  = "mg-abc123-0f-03"
	madeGroup = `{"Guid":"90000000-0000-4000-8000-000000000001","Name":"mg-abc123-0f-03","DisplayName":"mg-abc123-0f-03","Alias":"mg-abc123-0f-03",` +
		`"RecipientTypeDetails":"MailUniversalSecurityGroup","DistinguishedName":null,"HiddenFromAddressListsEnabled":"False","MemberJoinRestriction":"Closed"}`
	madePolicy = `{"Identity":"t\\3a1c0000-0000-4000-8000-0000000000ab:S-1;g","AppId":"3A1C0000-0000-4000-8000-0000000000AB","AccessRight":"RestrictAccess",` +
		`"ScopeName":"mg-abc123-0f-03","ScopeIdentityRaw":"S-1-5-21;90000000-0000-4000-8000-000000000001","Description":"for T-1"}`
	madeMailbox = `{"Guid":"0B7E6C1E-1111-4222-8333-944444444444","Name":"Letters","PrimarySmtpAddress":"Letters@contoso.example","RecipientTypeDetails":"SharedMailbox"}`
	casRow      = `{"Guid":"0B7E6C1E-1111-4222-8333-944444444444","ImapEnabled":false,"PopEnabled":"True","SmtpClientAuthenticationDisabled":null}`
	deadTrustee = "S-1-5-21-1004336348-1177238915-682003330-512"
)

func groupWriteCases(ctx context.Context) map[string]cmdletCase {
	passing := map[string]any{"Identity": testGroup, "BypassSecurityGroupManagerCheck": true}
	with := func(more map[string]any) map[string]any {
		all := maps.Clone(passing)
		maps.Copy(all, more)
		return all
	}
	return map[string]cmdletCase{
		"New-DistributionGroup": {rows(madeGroup),
			func(c *Client) (any, error) {
				return c.NewDistributionGroup(ctx, NewGroup{Name: testName, Owners: []string{testMailbox}})
			},
			map[string]any{"Name": testName, "Alias": testName, "Type": "Security", "IgnoreNamingPolicy": true,
				"MemberJoinRestriction": "Closed", "MemberDepartRestriction": "Closed", "ManagedBy": []any{testMailbox}},
			Group{GUID: testGroup, Name: testName, DisplayName: testName, Alias: testName, Type: MailEnabledSecurityGroup,
				JoinRestriction: "Closed", RequestID: "tenant-request-7"}},
		"New-DistributionGroup, of nobody": {rows(madeGroup),
			func(c *Client) (any, error) {
				made, err := c.NewDistributionGroup(ctx, NewGroup{Name: testName})
				return made.GUID, err
			},
			map[string]any{"Name": testName, "Alias": testName, "Type": "Security", "IgnoreNamingPolicy": true,
				"MemberJoinRestriction": "Closed", "MemberDepartRestriction": "Closed"}, testGroup},
		"Set-DistributionGroup": {"",
			func(c *Client) (any, error) { return nil, c.HideDistributionGroup(ctx, strings.ToUpper(testGroup)) },
			with(map[string]any{"HiddenFromAddressListsEnabled": true, "Confirm": false}), nil},
		"Remove-DistributionGroup": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveDistributionGroup(ctx, testGroup) }, with(map[string]any{"Confirm": false}), nil},
		"Add-DistributionGroupMember": {rows(),
			func(c *Client) (any, error) {
				return nil, c.AddDistributionGroupMember(ctx, testGroup, strings.ToUpper(testMailbox))
			}, with(map[string]any{"Member": testMailbox}), nil},
		"Remove-DistributionGroupMember": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveDistributionGroupMember(ctx, testGroup, testMailbox) },
			with(map[string]any{"Member": testMailbox, "Confirm": false}), nil},
		"New-ApplicationAccessPolicy": {rows(madePolicy),
			func(c *Client) (any, error) {
				return c.NewApplicationAccessPolicy(ctx, strings.ToUpper(testAppID), testGroup, "for T-1")
			},
			map[string]any{"AppId": []any{testAppID}, "AccessRight": "RestrictAccess", "PolicyScopeGroupId": testGroup, "Description": "for T-1"},
			ApplicationAccessPolicy{Identity: `t\3a1c0000-0000-4000-8000-0000000000ab:S-1;g`, AppID: testAppID, AccessRight: RestrictAccess, ScopeName: testName,
				ScopeGUID: testGroup, Description: "for T-1", Valid: true, RequestID: "tenant-request-7"}},
		"New-ApplicationAccessPolicy, by its other id": {rows(strings.ReplaceAll(madePolicy, testGroup, testObjectID)),
			func(c *Client) (any, error) {
				made, err := c.NewApplicationAccessPolicy(ctx, testAppID, testGroup, "", testObjectID)
				return made.ScopeGUID, err
			},
			map[string]any{"AppId": []any{testAppID}, "AccessRight": "RestrictAccess", "PolicyScopeGroupId": testGroup}, testObjectID},
		"Remove-ApplicationAccessPolicy": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveApplicationAccessPolicy(ctx, `t\a:S-1;g`) },
			map[string]any{"Identity": `t\a:S-1;g`, "Confirm": false}, nil},
	}
}

func mailboxWriteCases(ctx context.Context) map[string]cmdletCase {
	full, send := []any{"FullAccess"}, []any{"SendAs"}
	yes, no := true, false
	return map[string]cmdletCase{
		"Add-MailboxPermission": {rows(`{"Identity":"News","User":"x","AccessRights":["FullAccess"]}`),
			func(c *Client) (any, error) {
				return nil, c.AddMailboxPermission(ctx, strings.ToUpper(testMailbox), strings.ToUpper(testObjectID))
			},
			map[string]any{"Identity": testMailbox, "User": testObjectID, "AccessRights": full, "InheritanceType": "All", "AutoMapping": false, "Confirm": false}, nil},
		"Remove-MailboxPermission": {rows(),
			func(c *Client) (any, error) {
				return nil, c.RemoveMailboxPermission(ctx, testMailbox, strings.ToUpper(testObjectID))
			},
			map[string]any{"Identity": testMailbox, "User": testObjectID, "AccessRights": full, "InheritanceType": "All", "Confirm": false}, nil},
		"Remove-MailboxPermission, of the dead": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveMailboxPermission(ctx, testMailbox, deadTrustee) },
			map[string]any{"Identity": testMailbox, "User": deadTrustee, "AccessRights": full, "InheritanceType": "All", "Confirm": false}, nil},
		"Add-RecipientPermission": {rows(),
			func(c *Client) (any, error) { return nil, c.AddRecipientPermission(ctx, testMailbox, testObjectID) },
			map[string]any{"Identity": testMailbox, "Trustee": testObjectID, "AccessRights": send, "Confirm": false}, nil},
		"Remove-RecipientPermission": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveRecipientPermission(ctx, testMailbox, testObjectID) },
			map[string]any{"Identity": testMailbox, "Trustee": testObjectID, "AccessRights": send, "Confirm": false}, nil},
		"New-Mailbox": {rows(madeMailbox),
			func(c *Client) (any, error) {
				made, err := c.NewSharedMailbox(ctx, "Letters", "Letters", "letters@contoso.example")
				return made.GUID, err
			},
			map[string]any{"Shared": true, "Name": "Letters", "DisplayName": "Letters", "PrimarySmtpAddress": "letters@contoso.example"}, testMailbox},
		"Get-CASMailbox": {rows(casRow),
			func(c *Client) (any, error) { return c.GetCASMailbox(ctx, strings.ToUpper(testMailbox)) }, map[string]any{"Identity": testMailbox},
			CASMailbox{GUID: testMailbox, IMAPOff: &yes, POPOff: &no, RequestID: "tenant-request-7"}},
		"Get-CASMailbox, silent": {rows(`{"Guid":"` + testMailbox + `","ImapEnabled":"maybe","SmtpClientAuthenticationDisabled":true}`),
			func(c *Client) (any, error) { return c.GetCASMailbox(ctx, testMailbox) }, map[string]any{"Identity": testMailbox},
			CASMailbox{GUID: testMailbox, SMTPAuthenticationOff: &yes, RequestID: "tenant-request-7"}},
		"Get-TransportConfig": {rows(`{"SmtpClientAuthenticationDisabled":"False"}`),
			func(c *Client) (any, error) { return c.GetTransportConfig(ctx) }, map[string]any{},
			TransportConfig{SMTPAuthenticationOff: &no, RequestID: "tenant-request-7"}},
		"Get-TransportConfig, silent": {rows(`{"SmtpClientAuthenticationDisabled":null}`),
			func(c *Client) (any, error) { return c.GetTransportConfig(ctx) }, map[string]any{}, TransportConfig{RequestID: "tenant-request-7"}},
	}
}

func TestEveryOtherMechanismOnTheWire(t *testing.T) {
	t.Parallel()
	cases := groupWriteCases(context.Background())
	maps.Copy(cases, mailboxWriteCases(context.Background()))
	for name, test := range cases {
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

// writes are all of them, with arguments that are fit to be sent.
func writes(ctx context.Context) map[string]func(*Client) error {
	return map[string]func(*Client) error{
		"make group":    func(c *Client) error { _, err := c.NewDistributionGroup(ctx, NewGroup{Name: testName}); return err },
		"hide group":    func(c *Client) error { return c.HideDistributionGroup(ctx, testGroup) },
		"remove group":  func(c *Client) error { return c.RemoveDistributionGroup(ctx, testGroup) },
		"add member":    func(c *Client) error { return c.AddDistributionGroupMember(ctx, testGroup, testMailbox) },
		"remove member": func(c *Client) error { return c.RemoveDistributionGroupMember(ctx, testGroup, testMailbox) },
		"make policy": func(c *Client) error {
			_, err := c.NewApplicationAccessPolicy(ctx, testAppID, testGroup, "")
			return err
		},
		"remove policy":  func(c *Client) error { return c.RemoveApplicationAccessPolicy(ctx, `t\a:S-1;g`) },
		"add access":     func(c *Client) error { return c.AddMailboxPermission(ctx, testMailbox, testObjectID) },
		"remove access":  func(c *Client) error { return c.RemoveMailboxPermission(ctx, testMailbox, testObjectID) },
		"add sending":    func(c *Client) error { return c.AddRecipientPermission(ctx, testMailbox, testObjectID) },
		"remove sending": func(c *Client) error { return c.RemoveRecipientPermission(ctx, testMailbox, testObjectID) },
		"make mailbox": func(c *Client) error {
			_, err := c.NewSharedMailbox(ctx, "Letters", "Letters", "letters@contoso.example")
			return err
		},
	}
}

// A lost answer, a service that fails and one that is busy: each write is sent once, and says
// whether it may have been carried out.
func TestNoWriteIsSentTwice(t *testing.T) {
	t.Parallel()
	for name, call := range writes(context.Background()) {
		for answer, test := range map[string]struct {
			handler http.HandlerFunc
			kind    Kind
			open    bool
		}{
			"lost":      {drops, Lost, true},
			"failed":    {says(503, ""), Transient, true},
			"throttled": {says(429, "", "Retry-After", "1"), Throttled, false},
			"forbidden": {says(403, ""), Forbidden, false},
			"absent":    {absentRefusal(), NotFound, false},
		} {
			t.Run(name+", "+answer, func(t *testing.T) {
				t.Parallel()
				played := newWire(t, test.handler)
				fault := wantKind(t, call(played.client), test.kind)
				if fault.MayHaveActed != test.open || len(played.requests()) != 1 {
					t.Errorf("%d requests, effect open: %v", len(played.requests()), fault.MayHaveActed)
				}
			})
		}
	}
}
