package tenant

import (
	"fmt"
	"testing"
	"time"
)

// The writes of the older mechanisms, each with the change that it leaves.
var mechanismWrites = []struct {
	cmdlet string
	with   parameters
	change string
}{
	{"New-DistributionGroup", parameters{"Name": "mg-1", "Type": "Security"}, "created group mg-1"},
	{"Set-DistributionGroup", parameters{"Identity": "Sales", "HiddenFromAddressListsEnabled": true, "BypassSecurityGroupManagerCheck": true}, "changed group Sales"},
	{"Add-DistributionGroupMember", parameters{"Identity": "Sales", "Member": ceoAddress, "BypassSecurityGroupManagerCheck": true}, "created groupMember Sales"},
	{"Remove-DistributionGroupMember", parameters{"Identity": "Sales", "Member": "alice@contoso.example", "BypassSecurityGroupManagerCheck": true}, "removed groupMember Sales"},
	{"Remove-DistributionGroup", parameters{"Identity": "Sales", "BypassSecurityGroupManagerCheck": true}, "removed group Sales"},
	{"New-ApplicationAccessPolicy", parameters{"AppId": SampleNewsletterAppID, "AccessRight": "RestrictAccess", "PolicyScopeGroupId": "Sales"}, "created accessPolicy " + SampleNewsletterAppID},
	{"Add-MailboxPermission", parameters{"Identity": newsAddress, "User": SampleHelpdeskObjectID, "AccessRights": "FullAccess", "AutoMapping": false}, "created mailboxPermission News"},
	{"Add-RecipientPermission", parameters{"Identity": newsAddress, "Trustee": SampleHelpdeskObjectID, "AccessRights": "SendAs"}, "created mailboxPermission News"},
	{"Set-CASMailbox", parameters{"Identity": newsAddress, "ImapEnabled": false}, "changed clientAccess News"},
	{"Set-TransportConfig", parameters{"SmtpClientAuthenticationDisabled": true}, "changed organization contoso.example"},
	{"New-Mailbox", parameters{"Shared": true, "Name": "New"}, "created mailbox New"},
	{"Remove-Mailbox", parameters{"Identity": newsAddress}, "removed mailbox News"},
}

func changesOf(to *Tenant) string {
	text := ""
	for _, each := range to.Changes() {
		text += each.Action + " " + each.Object + " " + each.Name
	}
	return text
}

// TestWritesOfMechanismsMeetFaultsLikeOthers holds for each write that it can be throttled, ignored,
// lost before and after its effect, and late, and that the log of changes tells which it was.
func TestWritesOfMechanismsMeetFaultsLikeOthers(t *testing.T) {
	t.Parallel()
	for _, write := range mechanismWrites {
		t.Run(write.cmdlet, func(t *testing.T) {
			t.Parallel()
			for _, each := range []struct {
				fault   Fault
				status  int
				changes bool
			}{
				{Fault{Name: "throttle"}, 429, false}, {Fault{Name: "lostBefore"}, 0, false}, {Fault{Name: "lostAfter"}, 0, true},
				{Fault{Name: "ignore"}, 200, false}, {Fault{Name: "late", Delay: "10m"}, 0, false},
			} {
				to := writing(t, Options{})
				each.fault.Match = write.cmdlet
				plant(t, to, each.fault)
				if got := run(t, to, write.cmdlet, write.with); got.Status != each.status {
					t.Errorf("%s: answered %d %s", each.fault.Name, got.Status, got.Text)
				}
				if changed := changesOf(to); (changed == write.change) != each.changes || !each.changes && changed != "" {
					t.Errorf("%s: logged %q, want %q", each.fault.Name, changed, write.change)
				}
				to.Advance(10 * time.Minute)
				if changed := changesOf(to); each.fault.Name == "late" && changed != write.change {
					t.Errorf("late: logged %q, want %q", changed, write.change)
				}
			}
		})
	}
}

// TestGuidesOrderOfPolicyAndConsentOpensAWindow plays consent before policy, as guides have it, and
// the other way round.
func TestGuidesOrderOfPolicyAndConsentOpensAWindow(t *testing.T) {
	t.Parallel()
	for _, policyFirst := range []bool{false, true} {
		t.Run(fmt.Sprint(policyFirst), func(t *testing.T) {
			t.Parallel()
			to := writing(t, Options{})
			policy := func() { newPolicy(t, to, SampleNewsletterAppID, "Sales", "RestrictAccess") }
			consent := func() {
				wantStatus(t, graph(t, to, "POST", "/v1.0/servicePrincipals/"+SampleNewsletterObjectID+"/appRoleAssignments", consentBody("b633e1c5-b582-4048-a93e-9f11b44c7e96")), 201)
			}
			steps := []func(){consent, policy}
			if policyFirst {
				steps = []func(){policy, func() { to.Advance(2 * time.Hour) }, consent}
			}
			wide := 0
			for _, step := range steps {
				step()
				if sendMail(to, SampleCEOGUID, to.Token(SampleNewsletterAppID, "graph")) == 202 {
					wide++
				}
			}
			if (wide == 0) != policyFirst {
				t.Errorf("wide open at %d moments", wide)
			}
			to.Advance(2 * time.Hour)
			wantSend(t, to, SampleCEOGUID, 403)
			wantSend(t, to, SampleAliceGUID, 202)
		})
	}
}

// TestTokenOutlivesThePolicyThatConfinedIt: with the policy gone, a token from before the removal of
// the consent reaches everybody.
func TestTokenOutlivesThePolicyThatConfinedIt(t *testing.T) {
	t.Parallel()
	to := writing(t, Options{})
	identity := newPolicy(t, to, SampleArchiveAppID, "Sales", "RestrictAccess")
	to.Advance(2 * time.Hour)
	token := to.Token(SampleArchiveAppID, "graph")
	administer(t, to, Action{Do: "removeConsent", Workload: SampleArchiveAppID, Resource: "graph", Permission: "Mail.ReadWrite"})
	reads := func() int {
		status, _ := to.Call("GET", "/v1.0/users/"+SampleCEOGUID+"/messages", token)
		return status
	}
	if reads() != 403 {
		t.Error("the policy confines the token")
	}
	runFine(t, to, "Remove-ApplicationAccessPolicy", parameters{"Identity": identity, "Confirm": false})
	to.Advance(policyDeparture)
	if got := reads(); got != 200 {
		t.Errorf("without the policy the token is answered %d", got)
	}
	to.Advance(time.Hour)
	if got := reads(); got != 401 {
		t.Errorf("a dead token is answered %d", got)
	}
}
