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
	pointerRow = `{"DisplayName":"Newsletter","ObjectId":"3A1C0000-0000-4000-8000-0000000000AA","AppId":"3A1C0000-0000-4000-8000-0000000000AB",` +
		`"Guid@data.type":"System.Guid","Guid":"5C000000-0000-4000-8000-000000000001","Identity":"5c","Name":"5c"}`
	scopeRow = `{"Name":"mg-abc123-0f-01","Identity":"mg-abc123-0f-01","RecipientFilter":"Guid -eq '0b7e6c1e-1111-4222-8333-944444444444'",` +
		`"RecipientRoot":null,"ScopeRestrictionType":"RecipientScope","Exclusive":"False","Guid":"5C000000-0000-4000-8000-000000000002"}`
	assignmentRow = `{"Name":"mg-abc123-0f-02","Identity":"mg-abc123-0f-02","Guid":"5C000000-0000-4000-8000-000000000003",` +
		`"Role":"Application Mail.Send","RoleAssignee":"3A1C0000-0000-4000-8000-0000000000AA","RoleAssigneeName":"Newsletter",` +
		`"RoleAssigneeType":"ServicePrincipal","AssignmentMethod":"Direct","CustomResourceScope":"mg-abc123-0f-01",` +
		`"RecipientWriteScope":"CustomRecipientScope","Enabled":true}`
	recipientRow = `{"Guid":"0B7E6C1E-1111-4222-8333-944444444444","ExchangeGuid":"00000000-0000-0000-0000-000000000000",` +
		`"ExternalDirectoryObjectId":"77E10000-0000-4000-8000-0000000000BB","DisplayName":"News","PrimarySmtpAddress":"News@contoso.example",` +
		`"EmailAddresses@odata.type":"#Collection(String)","EmailAddresses":["SMTP:News@contoso.example","smtp:letters@contoso.example","SIP:voice@contoso.example","X500:/o=Contoso/cn=News"],` +
		`"RecipientTypeDetails":"SharedMailbox"}`
)

// cmdletCase is one call: what the tenant answers, what must be sent, and what must come of it.
type cmdletCase struct {
	answer     string
	call       func(*Client) (any, error)
	parameters map[string]any
	want       any
}

const newsFilter = "Guid -eq '" + testMailbox + "'"

func pointerAndScopeCases(ctx context.Context) map[string]cmdletCase {
	return map[string]cmdletCase{
		"Get-ServicePrincipal": {rows(pointerRow),
			func(c *Client) (any, error) { return c.FindServicePrincipal(ctx, strings.ToUpper(testObjectID)) },
			map[string]any{"Identity": testObjectID},
			ServicePrincipal{ObjectID: testObjectID, AppID: testAppID, GUID: "5c000000-0000-4000-8000-000000000001",
				Identity: "5c", Name: "5c", DisplayName: "Newsletter", RequestID: "tenant-request-7"}},
		"New-ServicePrincipal": {rows(pointerRow),
			func(c *Client) (any, error) {
				made, err := c.NewServicePrincipal(ctx, testAppID, testObjectID, "Newsletter")
				return made.ObjectID, err
			},
			map[string]any{"AppId": testAppID, "ObjectId": testObjectID, "DisplayName": "Newsletter"}, testObjectID},
		"Remove-ServicePrincipal": {rows(),
			func(c *Client) (any, error) { return nil, c.RemoveServicePrincipal(ctx, testObjectID) },
			map[string]any{"Identity": testObjectID, "Confirm": false}, nil},
		"Get-ManagementScope": {rows(scopeRow),
			func(c *Client) (any, error) { return c.FindManagementScope(ctx, "MG-abc123-0f-01") },
			map[string]any{"Identity": "MG-abc123-0f-01"},
			ManagementScope{Name: "mg-abc123-0f-01", Identity: "mg-abc123-0f-01", GUID: "5c000000-0000-4000-8000-000000000002",
				RecipientFilter: newsFilter, ScopeRestrictionType: "RecipientScope", RequestID: "tenant-request-7"}},
		"New-ManagementScope": {rows(scopeRow),
			func(c *Client) (any, error) {
				made, err := c.NewManagementScope(ctx, "mg-abc123-0f-01", newsFilter)
				return made.GUID, err
			},
			map[string]any{"Name": "mg-abc123-0f-01", "RecipientRestrictionFilter": newsFilter}, "5c000000-0000-4000-8000-000000000002"},
		"Remove-ManagementScope": {"",
			func(c *Client) (any, error) { return nil, c.RemoveManagementScope(ctx, "mg-abc123-0f-01") },
			map[string]any{"Identity": "mg-abc123-0f-01", "Confirm": false}, nil},
	}
}

func assignmentAndRecipientCases(ctx context.Context) map[string]cmdletCase {
	return map[string]cmdletCase{
		"Get-ManagementRoleAssignment": {rows(assignmentRow),
			func(c *Client) (any, error) { return c.ListManagementRoleAssignments(ctx, testObjectID) },
			map[string]any{"RoleAssignee": testObjectID},
			[]RoleAssignment{{Name: "mg-abc123-0f-02", Identity: "mg-abc123-0f-02", GUID: "5c000000-0000-4000-8000-000000000003",
				Role: "Application Mail.Send", RoleAssignee: "3A1C0000-0000-4000-8000-0000000000AA", RoleAssigneeName: "Newsletter",
				RoleAssigneeType: "ServicePrincipal", AssignmentMethod: "Direct", CustomResourceScope: "mg-abc123-0f-01",
				RecipientWriteScope: "CustomRecipientScope", Enabled: true, RequestID: "tenant-request-7"}}},
		"New-ManagementRoleAssignment": {rows(assignmentRow),
			func(c *Client) (any, error) {
				made, err := c.NewManagementRoleAssignment(ctx, NewRoleAssignment{Name: "mg-abc123-0f-02", Role: "Application Mail.Send",
					App: testObjectID, CustomResourceScope: "mg-abc123-0f-01"})
				return made.Name, err
			},
			map[string]any{"Name": "mg-abc123-0f-02", "Role": "Application Mail.Send", "App": testObjectID, "CustomResourceScope": "mg-abc123-0f-01"},
			"mg-abc123-0f-02"},
		"Remove-ManagementRoleAssignment": {`{"@odata.context":"x"}`,
			func(c *Client) (any, error) { return nil, c.RemoveManagementRoleAssignment(ctx, "mg-abc123-0f-02") },
			map[string]any{"Identity": "mg-abc123-0f-02", "Confirm": false}, nil},
		"Test-ServicePrincipalAuthorization": {
			rows(`{"RoleName":"Application Mail Full Access","GrantedPermissions":"Mail.ReadWrite, Mail.Send","AllowedResourceScope":"s","ScopeType":"CustomRecipientScope","InScope":true}`,
				`{"RoleName":"Application Mail.Send","GrantedPermissions":["Mail.Send"],"InScope":"Not Run"}`),
			func(c *Client) (any, error) {
				return c.TestServicePrincipalAuthorization(ctx, testObjectID, testMailbox)
			},
			map[string]any{"Identity": testObjectID, "Resource": testMailbox},
			Answer{RequestID: "tenant-request-7", Rows: []Authorization{
				{RoleName: "Application Mail Full Access", GrantedPermissions: []string{"Mail.ReadWrite", "Mail.Send"}, AllowedResourceScope: "s", ScopeType: "CustomRecipientScope", InScope: InScopeTrue},
				{RoleName: "Application Mail.Send", GrantedPermissions: []string{"Mail.Send"}, InScope: InScopeNotRun}}}},
		"Get-Recipient": {rows(recipientRow),
			func(c *Client) (any, error) { return c.FindRecipient(ctx, "Letters@contoso.example") },
			map[string]any{"Identity": "Letters@contoso.example", "ResultSize": "Unlimited"},
			Recipient{GUID: testMailbox, ExternalDirectoryObjectID: "77e10000-0000-4000-8000-0000000000bb", DisplayName: "News",
				PrimaryAddress: "news@contoso.example", Addresses: []string{"letters@contoso.example", "news@contoso.example"},
				Type: "SharedMailbox", RequestID: "tenant-request-7", Properties: map[string][]string{
					"displayname": {"News"}, "exchangeguid": {zeroGUID}, "externaldirectoryobjectid": {"77E10000-0000-4000-8000-0000000000BB"},
					"primarysmtpaddress": {"News@contoso.example"}, "recipienttypedetails": {"SharedMailbox"},
					"emailaddresses": {"SMTP:News@contoso.example", "smtp:letters@contoso.example", "SIP:voice@contoso.example", "X500:/o=Contoso/cn=News"},
				}}},
	}
}

func TestEveryCmdletOnTheWire(t *testing.T) {
	t.Parallel()
	cases := pointerAndScopeCases(context.Background())
	maps.Copy(cases, assignmentAndRecipientCases(context.Background()))
	for cmdlet, test := range cases {
		t.Run(cmdlet, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, test.answer))
			got, err := test.call(played.client)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
			requests := played.requests()
			if len(requests) != 1 || requests[0].cmdlet != cmdlet || !reflect.DeepEqual(requests[0].parameters, test.parameters) {
				t.Errorf("sent %+v, want one %s with %v", requests, cmdlet, test.parameters)
			}
		})
	}
}

func TestFindManagementRoleAssignment(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows(`{"Name":"another","Role":"r"}`, assignmentRow)))
	found, err := played.client.FindManagementRoleAssignment(context.Background(), "MG-abc123-0f-02")
	if err != nil || found.GUID != "5c000000-0000-4000-8000-000000000003" {
		t.Fatalf("got %+v, %v", found, err)
	}
	if sent := played.requests()[0].parameters; !reflect.DeepEqual(sent, map[string]any{"Identity": "MG-abc123-0f-02"}) {
		t.Errorf("sent %v", sent)
	}
	_, err = played.client.FindManagementRoleAssignment(context.Background(), "mg-abc123-0f-03")
	wantKind(t, err, Incomplete)
	_, err = played.client.FindManagementRoleAssignment(context.Background(), "")
	wantKind(t, err, BadParameter)
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows(pointerRow)))
	_, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
	if err != nil {
		t.Fatal(err)
	}
	request := played.requests()[0]
	if want := "/adminapi/beta/" + testTenant + "/InvokeCommand"; request.path != want {
		t.Errorf("path %q, want %q", request.path, want)
	}
	for name, want := range map[string]string{
		"Authorization":   "Bearer eyJhbGciOiJub25lIn0.e30.",
		"X-AnchorMailbox": "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@" + testTenant,
		"Accept-Language": "en-US",
		"Accept-Encoding": "identity",
		"Prefer":          "odata.maxpagesize=1000",
		"Content-Type":    "application/json",
	} {
		if got := request.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if normalGUID(request.header.Get("client-request-id")) == "" {
		t.Errorf("client-request-id is %q", request.header.Get("client-request-id"))
	}
}

func TestNothingDangerousIsSent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	whole := NewRoleAssignment{Name: "mg-abc123-0f-02", Role: "Application Mail.Send", App: testObjectID, CustomResourceScope: "mg-abc123-0f-01"}
	assign := func(change func(*NewRoleAssignment)) func(*Client) error {
		return func(c *Client) error {
			wanted := whole
			change(&wanted)
			_, err := c.NewManagementRoleAssignment(ctx, wanted)
			return err
		}
	}
	cases := map[string]func(*Client) error{
		"no scope":    assign(func(a *NewRoleAssignment) { a.CustomResourceScope = "" }),
		"blank scope": assign(func(a *NewRoleAssignment) { a.CustomResourceScope = " \t" }),
		"two scopes":  assign(func(a *NewRoleAssignment) { a.RecipientGroupScope = testMailbox }),
		"group and unit": assign(func(a *NewRoleAssignment) {
			a.CustomResourceScope, a.RecipientGroupScope, a.RecipientAdministrativeUnitScope = "", testMailbox, testMailbox
		}),
		"group by name":    assign(func(a *NewRoleAssignment) { a.CustomResourceScope, a.RecipientGroupScope = "", "Sales" }),
		"unit by name":     assign(func(a *NewRoleAssignment) { a.CustomResourceScope, a.RecipientAdministrativeUnitScope = " ", "Paris" }),
		"wildcard scope":   assign(func(a *NewRoleAssignment) { a.CustomResourceScope = "mg-*" }),
		"no role":          assign(func(a *NewRoleAssignment) { a.Role = "" }),
		"no name":          assign(func(a *NewRoleAssignment) { a.Name = "" }),
		"long name":        assign(func(a *NewRoleAssignment) { a.Name = strings.Repeat("n", 65) }),
		"no application":   assign(func(a *NewRoleAssignment) { a.App = "Newsletter" }),
		"empty filter":     func(c *Client) error { _, err := c.NewManagementScope(ctx, "s", " "); return err },
		"empty scope name": func(c *Client) error { _, err := c.FindManagementScope(ctx, ""); return err },
		"remove nothing":   func(c *Client) error { return c.RemoveManagementScope(ctx, "") },
		"remove all":       func(c *Client) error { return c.RemoveManagementRoleAssignment(ctx, "*") },
		"remove by name":   func(c *Client) error { return c.RemoveServicePrincipal(ctx, "Newsletter") },
		"find by name":     func(c *Client) error { _, err := c.FindServicePrincipal(ctx, "Newsletter"); return err },
		"empty assignee":   func(c *Client) error { _, err := c.ListManagementRoleAssignments(ctx, ""); return err },
		"zero object id":   func(c *Client) error { _, err := c.NewServicePrincipal(ctx, testAppID, zeroGUID, "n"); return err },
		"no app id":        func(c *Client) error { _, err := c.NewServicePrincipal(ctx, "", testObjectID, "n"); return err },
		"empty recipient":  func(c *Client) error { _, err := c.FindRecipient(ctx, "  "); return err },
		"line break":       func(c *Client) error { _, err := c.FindRecipient(ctx, "a@x\r\nb"); return err },
		"forged type": func(c *Client) error {
			_, err := c.FindRecipient(ctx, "a|N.ManagementObjectNotFoundException|")
			return err
		},
		"endless": func(c *Client) error { _, err := c.FindRecipient(ctx, strings.Repeat("a", 513)); return err },
		"wildcard target": func(c *Client) error {
			_, err := c.TestServicePrincipalAuthorization(ctx, testObjectID, "*")
			return err
		},
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, rows()))
			fault := wantKind(t, call(played.client), BadParameter)
			if fault.MayHaveActed || fault.Status != 0 {
				t.Errorf("a local refusal claims an effect: %+v", fault)
			}
			if sent := len(played.requests()); sent != 0 {
				t.Errorf("%d requests were sent", sent)
			}
		})
	}
}

func TestTestWithoutResource(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows()))
	answer, err := played.client.TestServicePrincipalAuthorization(context.Background(), testObjectID, "")
	if err != nil || len(answer.Rows) != 0 || answer.RequestID == "" {
		t.Fatalf("got %+v, %v", answer, err)
	}
	if _, present := played.requests()[0].parameters["Resource"]; present {
		t.Error("an empty resource was sent")
	}
}

func TestARowWithoutItsRole(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows(`{"GrantedPermissions":"Mail.Send","InScope":"False"}`)))
	_, err := played.client.TestServicePrincipalAuthorization(context.Background(), testObjectID, testMailbox)
	wantKind(t, err, Incomplete)
}

func TestAnUnscopedAssignmentIsRefusedAsSuch(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(http.StatusOK, rows(assignmentRow)))
	_, err := played.client.NewManagementRoleAssignment(context.Background(), NewRoleAssignment{Name: "n", Role: "r", App: testObjectID})
	if fault := wantKind(t, err, BadParameter); !strings.Contains(fault.Message, "whole organization") {
		t.Errorf("the reason is %q", fault.Message)
	}
}

func TestParseInScope(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]InScope{
		"True": InScopeTrue, "true": InScopeTrue, "TRUE": InScopeTrue, "false": InScopeFalse, "False": InScopeFalse,
		"Not Run": InScopeNotRun, "NotRun": InScopeNotRun, "": InScopeUnknown, "1": InScopeUnknown, "Truethy": InScopeUnknown,
	} {
		if got := parseInScope(text); got != want {
			t.Errorf("%q gives %v, want %v", text, got, want)
		}
	}
}
