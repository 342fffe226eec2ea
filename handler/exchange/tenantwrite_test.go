package exchange_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/exchange"
	"mailgrant/handler/simulator/tenant"
)

// writing is a tenant whose service may write what the older mechanisms take.
func writing(t *testing.T) (*exchange.Client, *tenant.Tenant) {
	t.Helper()
	running, err := tenant.Start(t.Context(), tenant.Options{Directory: strings.NewReader(tenant.SampleWritingDirectory())})
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
	return client, running
}

// A group's whole life: made, hidden, filled, emptied, removed; and each second time.
func TestAGroupsLifeInTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	ctx := t.Context()
	made, err := client.NewDistributionGroup(ctx, exchange.NewGroup{Name: "mg-abc123-life-01", Owners: []string{tenant.SampleAliceGUID}})
	if err != nil || made.Type != exchange.MailEnabledSecurityGroup || made.JoinRestriction != "Closed" || made.DepartRestriction != "Closed" {
		t.Fatalf("made: %+v, %v", made, err)
	}
	_, err = client.NewDistributionGroup(ctx, exchange.NewGroup{Name: "MG-abc123-life-01"})
	wantKind(t, err, exchange.AlreadyExists)
	for range 2 {
		err = client.HideDistributionGroup(ctx, made.GUID)
		if err != nil {
			t.Error(err)
		}
	}
	found, err := client.FindGroup(ctx, "mg-abc123-life-01")
	if err != nil || found.GUID != made.GUID || !found.Hidden || len(found.ManagedBy) != 1 {
		t.Errorf("found: %+v, %v", found, err)
	}
	members, err := client.ListGroupMembers(ctx, found)
	if err != nil || len(members) != 0 {
		t.Errorf("the owner is a member: %+v, %v", members, err)
	}
	membershipInTheSimulatedTenant(t, client, found)
	err = client.RemoveDistributionGroup(ctx, made.GUID)
	if err != nil {
		t.Error(err)
	}
	for _, err := range []error{
		client.RemoveDistributionGroup(ctx, made.GUID), client.HideDistributionGroup(ctx, made.GUID),
		client.AddDistributionGroupMember(ctx, made.GUID, tenant.SampleNewsGUID), client.RemoveDistributionGroupMember(ctx, made.GUID, tenant.SampleNewsGUID),
	} {
		wantKind(t, err, exchange.NotFound)
	}
	_, err = client.FindGroup(ctx, made.GUID)
	wantKind(t, err, exchange.NotFound)
}

func membershipInTheSimulatedTenant(t *testing.T, client *exchange.Client, group exchange.Group) {
	t.Helper()
	ctx := t.Context()
	wantKind(t, client.RemoveDistributionGroupMember(ctx, group.GUID, tenant.SampleNewsGUID), exchange.NotFound)
	err := client.AddDistributionGroupMember(ctx, group.GUID, tenant.SampleNewsGUID)
	if err != nil {
		t.Error(err)
	}
	wantKind(t, client.AddDistributionGroupMember(ctx, group.GUID, tenant.SampleNewsGUID), exchange.AlreadyExists)
	members, err := client.ListGroupMembers(ctx, group)
	if err != nil || len(members) != 1 || members[0].GUID != tenant.SampleNewsGUID {
		t.Errorf("members: %+v, %v", members, err)
	}
	err = client.RemoveDistributionGroupMember(ctx, group.GUID, tenant.SampleNewsGUID)
	if err != nil {
		t.Error(err)
	}
	members, err = client.ListGroupMembers(ctx, group)
	if err != nil || len(members) != 0 {
		t.Errorf("members: %+v, %v", members, err)
	}
}

func TestAPolicysLifeInTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	ctx := t.Context()
	made, err := client.NewApplicationAccessPolicy(ctx, tenant.SampleArchiveAppID, tenant.SampleEmptyGroupGUID, "for T-1")
	if err != nil || made.Description != "for T-1" || made.ScopeGUID != tenant.SampleEmptyGroupGUID {
		t.Fatalf("made: %+v, %v", made, err)
	}
	policies, err := client.ListApplicationAccessPolicies(ctx)
	isMade := func(each exchange.ApplicationAccessPolicy) bool {
		return each.Identity == made.Identity && each.AppID == tenant.SampleArchiveAppID && each.Description == "for T-1"
	}
	if err != nil || len(policies) != 1 || !slices.ContainsFunc(policies, isMade) {
		t.Errorf("policies: %+v, %v", policies, err)
	}
	test, err := client.TestApplicationAccessPolicy(ctx, tenant.SampleArchiveAppID, tenant.SampleNewsGUID)
	if err != nil || test.Verdict != exchange.PolicyDenied {
		t.Errorf("test: %+v, %v", test, err)
	}
	_, err = client.NewApplicationAccessPolicy(ctx, tenant.SampleArchiveAppID, tenant.SampleEmptyGroupGUID, "")
	wantKind(t, err, exchange.AlreadyExists)
	_, err = client.NewApplicationAccessPolicy(ctx, tenant.SampleArchiveAppID, tenant.SampleTenantID, "")
	wantKind(t, err, exchange.NotFound)
	err = client.RemoveApplicationAccessPolicy(ctx, made.Identity)
	if err != nil {
		t.Error(err)
	}
	wantKind(t, client.RemoveApplicationAccessPolicy(ctx, made.Identity), exchange.NotFound)
	policies, err = client.ListApplicationAccessPolicies(ctx)
	if err != nil || len(policies) != 0 {
		t.Errorf("policies: %+v, %v", policies, err)
	}
}

// The space for policies ends, and says so by its kind. Long descriptions fill it sooner.
func TestPolicySpaceOfTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	description := strings.Repeat("d", 256)
	for number := range 400 {
		appID := fmt.Sprintf("5b2d0000-0000-4000-8000-%012d", number)
		_, err := client.NewApplicationAccessPolicy(t.Context(), appID, tenant.SampleEmptyGroupGUID, description)
		if err != nil {
			wantKind(t, err, exchange.PolicySpace)
			return
		}
	}
	t.Error("the space does not end")
}

// The pointer of the help desk is given access and loses it again.
func TestPermissionsLifeInTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	ctx := t.Context()
	held := func() (int, int) {
		t.Helper()
		access, err := client.ListMailboxPermissions(ctx, tenant.SampleNewsGUID)
		if err != nil {
			t.Fatal(err)
		}
		sending, err := client.ListRecipientPermissions(ctx, tenant.SampleNewsGUID)
		if err != nil {
			t.Fatal(err)
		}
		access = slices.DeleteFunc(access, func(each exchange.MailboxPermission) bool {
			return !strings.EqualFold(each.Trustee, tenant.SampleHelpdeskObjectID) || !slices.Contains(each.Rights, exchange.FullAccess)
		})
		sending = slices.DeleteFunc(sending, func(each exchange.RecipientPermission) bool {
			return !strings.EqualFold(each.Trustee, tenant.SampleHelpdeskObjectID) || !slices.Contains(each.Rights, exchange.SendAs)
		})
		return len(access), len(sending)
	}
	for range 2 {
		for _, err := range []error{
			client.AddMailboxPermission(ctx, tenant.SampleNewsGUID, tenant.SampleHelpdeskObjectID),
			client.AddRecipientPermission(ctx, tenant.SampleNewsGUID, tenant.SampleHelpdeskObjectID),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	if access, sending := held(); access != 1 || sending != 1 {
		t.Errorf("%d and %d permissions", access, sending)
	}
	for range 2 {
		for _, err := range []error{
			client.RemoveMailboxPermission(ctx, tenant.SampleNewsGUID, tenant.SampleHelpdeskObjectID),
			client.RemoveRecipientPermission(ctx, tenant.SampleNewsGUID, tenant.SampleHelpdeskObjectID),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	if access, sending := held(); access != 0 || sending != 0 {
		t.Errorf("%d and %d permissions", access, sending)
	}
	wantKind(t, client.AddMailboxPermission(ctx, tenant.SampleTenantID, tenant.SampleHelpdeskObjectID), exchange.NotFound)
	wantKind(t, client.AddMailboxPermission(ctx, tenant.SampleNewsGUID, tenant.SampleTenantID), exchange.NotFound)
}

func TestProtocolsOfTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, running := writing(t)
	ctx := t.Context()
	found, err := client.GetCASMailbox(ctx, tenant.SampleNewsGUID)
	if err != nil || found.IMAPOff == nil || *found.IMAPOff || found.POPOff == nil || *found.POPOff || found.SMTPAuthenticationOff != nil {
		t.Errorf("protocols: %+v, %v", found, err)
	}
	before, err := client.GetTransportConfig(ctx)
	if err != nil || before.SMTPAuthenticationOff == nil {
		t.Fatalf("transport: %+v, %v", before, err)
	}
	err = running.Administer(
		tenant.Action{Do: "cmdlet", Cmdlet: "Set-CASMailbox", Parameters: map[string]any{
			"Identity": tenant.SampleNewsGUID, "ImapEnabled": false, "SmtpClientAuthenticationDisabled": false}},
		tenant.Action{Do: "cmdlet", Cmdlet: "Set-TransportConfig", Parameters: map[string]any{
			"SmtpClientAuthenticationDisabled": !*before.SMTPAuthenticationOff}},
	)
	if err != nil {
		t.Fatal(err)
	}
	found, err = client.GetCASMailbox(ctx, tenant.SampleNewsGUID)
	if err != nil || !*found.IMAPOff || *found.POPOff || found.SMTPAuthenticationOff == nil || *found.SMTPAuthenticationOff {
		t.Errorf("protocols: %+v, %v", found, err)
	}
	after, err := client.GetTransportConfig(ctx)
	if err != nil || after.SMTPAuthenticationOff == nil || *after.SMTPAuthenticationOff == *before.SMTPAuthenticationOff {
		t.Errorf("transport: %+v, %v", after, err)
	}
	_, err = client.GetCASMailbox(ctx, tenant.SampleSalesGUID)
	wantKind(t, err, exchange.NotFound)
}

func TestSharedMailboxInTheSimulatedTenant(t *testing.T) {
	t.Parallel()
	client, _ := writing(t)
	ctx := t.Context()
	made, err := client.NewSharedMailbox(ctx, "mg-abc123-mailbox", "mg-abc123-mailbox", "Letters@contoso.example")
	if err != nil || made.GUID == "" || made.PrimaryAddress != "letters@contoso.example" || made.Type != exchange.SharedMailbox {
		t.Fatalf("made: %+v, %v", made, err)
	}
	found, err := client.FindRecipient(ctx, "letters@contoso.example")
	if err != nil || found.GUID != made.GUID || found.Name != "mg-abc123-mailbox" {
		t.Errorf("found: %+v, %v", found, err)
	}
	_, err = client.NewSharedMailbox(ctx, "mg-abc123-other", "mg-abc123-other", "letters@contoso.example")
	wantKind(t, err, exchange.AlreadyExists)
}
