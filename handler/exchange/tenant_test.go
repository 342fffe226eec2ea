package exchange_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"mailgrant/handler/exchange"
	"mailgrant/handler/simulator/tenant"
)

// serviceToken signs in to the simulated tenant as the service.
type serviceToken struct{ tenant *tenant.Tenant }

func (s serviceToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token := s.tenant.Token(tenant.SampleServiceObjectID, "exchange")
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func simulated(t *testing.T) *exchange.Client {
	t.Helper()
	running, err := tenant.Start(t.Context(), tenant.Options{})
	if err != nil {
		t.Fatal(err)
	}
	transport := running.Transport()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = running.Close()
		for _, unknown := range running.Unknown() {
			t.Errorf("the tenant does not play %+v", unknown)
		}
	})
	client, err := exchange.New(exchange.Options{
		Endpoint: running.URL(), Tenant: tenant.SampleTenantID, Credential: serviceToken{running}, Transport: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestGroupsAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client := simulated(t)
	ctx := t.Context()
	for name, want := range map[string]struct {
		kind    string
		members int
	}{
		"Sales": {exchange.MailEnabledSecurityGroup, 3}, "all-staff@contoso.example": {exchange.DistributionList, 2},
		tenant.SampleTeamEntraID: {exchange.Microsoft365Group, 2}, tenant.SampleEmptyGroupGUID: {exchange.MailEnabledSecurityGroup, 0},
	} {
		group, err := client.FindGroup(ctx, name)
		if err != nil || group.Type != want.kind || group.DistinguishedName == "" || group.JoinRestriction+group.AccessType == "" {
			t.Errorf("%s: %+v, %v", name, group, err)
			continue
		}
		members, err := client.ListGroupMembers(ctx, group)
		if err != nil || len(members) != want.members {
			t.Errorf("members of %s: %+v, %v", name, members, err)
		}
	}
	dynamic, err := client.FindGroup(ctx, "Europe")
	if err != nil || dynamic.Type != exchange.DynamicDistributionList {
		t.Errorf("dynamic list: %+v, %v", dynamic, err)
	}
	_, err = client.ListGroupMembers(ctx, dynamic)
	wantKind(t, err, exchange.WrongType)
	_, err = client.FindGroup(ctx, "Alice")
	wantKind(t, err, exchange.WrongType)
	_, err = client.FindGroup(ctx, "Building Access")
	wantKind(t, err, exchange.NotFound)
}

func TestReachAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client := simulated(t)
	ctx := t.Context()
	mailboxes, err := client.ListMailboxes(ctx)
	isAlice := func(each exchange.Recipient) bool {
		return each.GUID == tenant.SampleAliceGUID && slices.Equal(each.Properties["customattribute1"], []string{"emea"})
	}
	if err != nil || len(mailboxes) < 16 || !slices.ContainsFunc(mailboxes, isAlice) {
		t.Errorf("%d mailboxes, %v", len(mailboxes), err)
	}
	profiles, err := client.ListMailboxProfiles(ctx)
	if err != nil || !slices.ContainsFunc(profiles, isAlice) {
		t.Errorf("%d profiles, %v", len(profiles), err)
	}
	preview, err := client.ListRecipients(ctx, "CustomAttribute1 -eq 'emea'")
	if err != nil || len(preview) != 5 {
		t.Errorf("%d recipients, %v", len(preview), err)
	}
	unit, err := client.FindAdministrativeUnit(ctx, tenant.SampleParisUnitID)
	if err != nil || unit.ID != tenant.SampleParisUnitID || unit.DisplayName != "Paris" {
		t.Errorf("unit: %+v, %v", unit, err)
	}
	organization, err := client.GetOrganizationConfig(ctx)
	if err != nil || organization.Name == "" || organization.Dehydrated {
		t.Errorf("organization: %+v, %v", organization, err)
	}
	test, err := client.TestApplicationAccessPolicy(ctx, tenant.SampleArchiveAppID, tenant.SampleNewsGUID)
	if err != nil || test.Verdict != exchange.PolicyGranted {
		t.Errorf("test: %+v, %v", test, err)
	}
	permissionsAgainstTheSimulatedTenant(t, client)
}

func permissionsAgainstTheSimulatedTenant(t *testing.T, client *exchange.Client) {
	t.Helper()
	ctx := t.Context()
	entries, err := client.ListMailboxPermissions(ctx, tenant.SampleNewsGUID)
	if err != nil || len(entries) != 1 || len(entries[0].Rights) == 0 {
		t.Errorf("permissions: %+v, %v", entries, err)
	}
	sending, err := client.ListRecipientPermissions(ctx, tenant.SampleNewsGUID)
	if err != nil || len(sending) != 1 {
		t.Errorf("sending: %+v, %v", sending, err)
	}
	policies, err := client.ListApplicationAccessPolicies(ctx)
	if err != nil || len(policies) != 0 {
		t.Errorf("policies: %+v, %v", policies, err)
	}
	roles, err := client.ListManagementRoles(ctx)
	if err != nil || len(roles) < 24 {
		t.Errorf("%d roles, %v", len(roles), err)
	}
	pointers, err := client.ListServicePrincipals(ctx)
	if err != nil || len(pointers) != 1 || pointers[0].ObjectID != tenant.SampleHelpdeskObjectID {
		t.Errorf("pointers: %+v, %v", pointers, err)
	}
	groups, err := client.ListRoleGroups(ctx)
	if err != nil || len(groups) == 0 {
		t.Errorf("role groups: %+v, %v", groups, err)
	}
	members, err := client.ListRoleGroupMembers(ctx, "Organization Management")
	if err != nil || len(members) != 0 {
		t.Errorf("role group members: %+v, %v", members, err)
	}
}

// Each kind of scope is written, and reads back as what the plan compares.
func TestScopesAgainstTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client := simulated(t)
	ctx := t.Context()
	base := exchange.NewRoleAssignment{Role: "Application Mail.Read", App: tenant.SampleHelpdeskObjectID}
	group, unit, both := base, base, base
	group.Name, group.RecipientGroupScope = "mg-group", tenant.SampleSalesGUID
	unit.Name, unit.RecipientAdministrativeUnitScope = "mg-unit", tenant.SampleParisUnitID
	both.Name, both.RecipientGroupScope, both.RecipientAdministrativeUnitScope = "mg-both", tenant.SampleSalesGUID, tenant.SampleParisUnitID
	made, err := client.NewManagementRoleAssignment(ctx, group)
	if err != nil || made.CustomResourceScope+made.RecipientGroupScope == "" {
		t.Errorf("group: %+v, %v", made, err)
	}
	made, err = client.NewManagementRoleAssignment(ctx, unit)
	if err != nil || made.RecipientWriteScope != "AdministrativeUnit" {
		t.Errorf("unit: %+v, %v", made, err)
	}
	_, err = client.NewManagementRoleAssignment(ctx, both)
	wantKind(t, err, exchange.BadParameter)
	all, err := client.ListApplicationRoleAssignments(ctx)
	if err != nil || len(all) != 3 || all[0].DelegationType == "" {
		t.Errorf("assignments: %+v, %v", all, err)
	}
}

func wantKind(t *testing.T, err error, kind exchange.Kind) {
	t.Helper()
	if exchange.KindOf(err) != kind {
		t.Errorf("kind is %q, want %q: %v", exchange.KindOf(err), kind, err)
	}
}
