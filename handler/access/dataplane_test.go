package access_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
	"mailgrant/handler/simulator/tenant"
)

// go test ./handler/access -run DataPlane -args -tenants=2000 is the full run, and
// -args -seed=N plays one tenant again.
var (
	playedTenants = flag.Int("tenants", 150, "how many random tenants are held against the simulated data plane")
	playedSeed    = flag.Uint64("seed", 0, "the one tenant to play; 0 plays fresh ones")
)

// TestReachIsWhatTheDataPlaneDoes: for every workload, permission and mailbox of random
// tenants, the verdict is what the simulated tenant's data plane does once caches and
// tokens are spent, and unknown only where nobody documents what it does.
func TestReachIsWhatTheDataPlaneDoes(t *testing.T) {
	t.Parallel()
	first, count := rand.Uint64(), *playedTenants
	if *playedSeed != 0 {
		first, count = *playedSeed, 1
	}
	tally := map[grant.Verdict]int{}
	for number := range count {
		seed := first + uint64(number)
		played := drawPlayed(seed)
		fault, err := disagreement(played, seed%2 == 0, tally)
		if err != nil {
			t.Fatalf("-args -seed=%d: the tenant cannot be played: %v", seed, err)
		}
		if fault != "" {
			t.Fatalf("-args -seed=%d: %s\n%s", seed, fault, smallest(played, seed%2 == 0))
		}
	}
	t.Logf("%d tenants from seed %d: %v", count, first, tally)
	for _, verdict := range []grant.Verdict{grant.Allowed, grant.Refused, grant.Unsure} {
		if tally[verdict] == 0 && *playedSeed == 0 {
			t.Errorf("no verdict was %s, so nothing was proved about it", verdict)
		}
	}
}

// smallest shows what is left of a tenant when everything is gone without which it
// still fails. Some parts cannot be taken away alone: without them it cannot be played.
func smallest(d playedTenant, tests bool) string {
	fault := ""
	left := shrunk(d, func(smaller playedTenant) bool {
		found, err := disagreement(smaller, tests, map[grant.Verdict]int{})
		if found != "" && err == nil {
			fault = found
		}
		return found != "" && err == nil
	})
	text, err := json.Marshal(left)
	return fmt.Sprintf("as small as it gets: %s\n%s %v", fault, text, err)
}

// disagreement says the first thing on which the judgement and the data plane differ;
// empty when there is none. With tests, the judgement is also given the tenant's own
// test of its policies.
func disagreement(d playedTenant, tests bool, tally map[grant.Verdict]int) (string, error) {
	var answers []access.PolicyTest
	least, errLeast := d.world(false, tests).reached()
	most, errMost := d.world(true, tests).reached()
	truth, errTruth := d.reached()
	var errTests error
	if tests {
		answers, errTests = d.policyTests()
	}
	err := errors.Join(errLeast, errMost, errTruth, errTests)
	if err != nil {
		return "", err
	}
	h := held{played: d, index: access.NewIndex(d.facts(answers)), least: least, most: most, truth: truth, tally: tally}
	for _, each := range d.ServicePrincipals {
		fault := h.workload(d, each.ObjectID)
		if fault != "" {
			return "workload " + each.ObjectID + ": " + fault, nil
		}
	}
	return "", nil
}

// held holds a judgement against the data planes of what the tenant may be and is.
type held struct {
	played             playedTenant
	index              *access.Index
	least, most, truth *tenant.Reached
	tally              map[grant.Verdict]int
}

func (h held) workload(d playedTenant, objectID string) string {
	var sure, possible int
	everybody := d.everybody()
	for _, mailbox := range everybody {
		fault := h.mailbox(d, objectID, mailbox)
		if fault != "" {
			return "mailbox " + mailbox + ": " + fault
		}
		if len(h.least.Acts(objectID, mailbox)) > 0 {
			sure++
		}
		if len(h.most.Acts(objectID, mailbox)) > 0 {
			possible++
		}
	}
	exposed, _ := h.index.Exposed(objectID)
	if exposed.Reached != sure || exposed.Reached+exposed.Possible != possible {
		return fmt.Sprintf("counted %d and %d, the data plane has %d and %d", exposed.Reached, exposed.Possible, sure, possible-sure)
	}
	if exposed.OrganizationWide == grant.Allowed && len(d.Policies) == 0 && sure < len(everybody) && exposed.CanGrantItself != grant.Allowed {
		return "it is called organization-wide, and does not reach everybody"
	}
	return h.selfGrant(d, objectID, exposed.CanGrantItself)
}

// mailbox asks about every permission, and about any access at all.
func (h held) mailbox(d playedTenant, objectID, mailbox string) string {
	anything := h.index.Reach(objectID, nil, mailbox)
	want := between(len(h.least.Acts(objectID, mailbox)) > 0, len(h.most.Acts(objectID, mailbox)) > 0)
	if anything.Verdict != want {
		return fmt.Sprintf("anything at all is %s, and should be %s: %+v", anything.Verdict, want, anything)
	}
	answer := h.index.Reach(objectID, askedOfThePlane(), mailbox)
	for _, finding := range answer.Findings {
		h.tally[finding.Verdict]++
		want := between(h.least.Reaches(objectID, finding.Permission, mailbox), h.most.Reaches(objectID, finding.Permission, mailbox))
		if finding.Verdict != want && !(finding.Verdict != grant.Allowed && tooCoarse(d, objectID, finding.Permission)) {
			return fmt.Sprintf("%s is %s, and should be %s: %+v", finding.Permission, finding.Verdict, want, finding)
		}
		if (finding.Verdict == grant.Unsure) != (len(finding.Unknown) > 0) {
			return fmt.Sprintf("%s is %s for these reasons: %q", finding.Permission, finding.Verdict, finding.Unknown)
		}
		fault := h.paths(objectID, mailbox, finding)
		if fault != "" {
			return finding.Permission + ": " + fault
		}
	}
	return ""
}

// paths: whatever touches the mailbox is told, and what is told for certain can do
// something of what it is said to overlap with.
func (h held) paths(objectID, mailbox string, finding access.Finding) string {
	if len(finding.Paths) == 0 && h.most.Touches(objectID, finding.Permission, mailbox) {
		return "the data plane does some of it, and no path is told"
	}
	for _, path := range finding.Paths {
		fault := h.owner(objectID, path)
		if fault != "" {
			return fault
		}
		for _, capability := range path.Overlap {
			does := func(act string) bool { return h.least.Can(objectID, act, mailbox) }
			if path.Verdict == grant.Allowed && !slices.ContainsFunc(actsBehind(capability), does) {
				return fmt.Sprintf("%s is told, and the data plane does nothing of %s", path, capability)
			}
		}
	}
	return ""
}

// selfGrant: the simulated tenant counts no application administrators, who may
// consent to the permissions of Exchange Online, and knows what is in a role group.
func (h held) selfGrant(d playedTenant, objectID string, verdict grant.Verdict) string {
	can := h.truth.CanGrantItself(objectID)
	mayDiffer := slices.ContainsFunc(d.facts(nil).Workloads, func(each access.Subject) bool {
		return each.Workload.ObjectID == objectID && slices.ContainsFunc(each.Facts.Roles.Value, func(role access.AdministratorRole) bool {
			return role.Name == "Application Administrator"
		})
	})
	switch {
	case verdict == grant.Refused && can, verdict == grant.Allowed && !can && !mayDiffer:
		return fmt.Sprintf("that it can give itself access is %s, and in the tenant %t", verdict, can)
	case verdict == grant.Unsure && !h.doubtfulRole(d, objectID):
		return "that it can give itself access is unknown for no reason"
	}
	return ""
}

// doubtfulRole: of these roles it is not known here what their holder can do.
func (h held) doubtfulRole(d playedTenant, objectID string) bool {
	return slices.ContainsFunc(d.roleFacts(objectID), func(role access.AdministratorRole) bool {
		return slices.Contains([]string{"Exchange Recipient Administrator", "Recipient Management", "Keepers"}, role.Name)
	})
}

// between is the verdict on what surely is and what possibly is.
func between(sure, possible bool) grant.Verdict {
	switch {
	case sure:
		return grant.Allowed
	case possible:
		return grant.Unsure
	}
	return grant.Refused
}

func askedOfThePlane() []string {
	return append(graphPermissions(), "full_access_as_app", "EWS.AccessAsApp", "IMAP.AccessAsApp", "SMTP.SendAsApp")
}

// tooCoarse: the data plane has no act of its own for what sets these permissions
// apart, so it takes the lesser for the greater. Only a verdict of allowed can be wrong there.
func tooCoarse(d playedTenant, objectID, permission string) bool {
	basic := slices.Contains(d.Consents, playedConsent{Workload: objectID, Resource: "graph", Permission: "Calendars.ReadBasic.All"})
	return permission == "Mail-Advanced.ReadWrite.All" || permission == "Calendars.Read" && basic
}

// actsBehind maps our words to what the simulated tenant can be seen to do.
func actsBehind(capability access.Capability) []string {
	return map[access.Capability][]string{
		access.ReadMeta: {tenant.ActReadBasic, tenant.ActReadFolders, tenant.ActWriteFolders},
		access.ReadBody: {tenant.ActReadBody, tenant.ActReadItems},
		access.Write:    {tenant.ActWriteMail, tenant.ActWriteFolders, tenant.ActWriteItems},
		access.Send:     {tenant.ActSend},
		access.Settings: {tenant.ActReadSettings, tenant.ActWriteSettings, tenant.ActReadConfig, tenant.ActWriteConfig, tenant.ActReadTips},
		access.Calendar: {tenant.ActReadCalendar, tenant.ActWriteCalendar},
		access.Contacts: {tenant.ActReadContacts, tenant.ActWriteContacts},
		access.Export:   {tenant.ActExportItems},
		access.Full:     {tenant.ActEverythingElse},
	}[capability]
}
