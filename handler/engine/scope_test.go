package engine

import (
	"slices"
	"testing"

	"mailgrant/handler/exchange"
	"mailgrant/handler/policy"
)

// TestGroupsThatCannotBeAScope: who may join or own a group decides whether it can limit
// anything; a word that is not known is taken for open.
func TestGroupsThatCannotBeAScope(t *testing.T) {
	t.Parallel()
	only := policy.Document{Approvers: []string{"Alice"}}
	for name, test := range map[string]struct {
		group    exchange.Group
		document policy.Document
		reason   string
	}{
		"closed":              {exchange.Group{JoinRestriction: "Closed"}, only, ""},
		"with approval":       {exchange.Group{JoinRestriction: "approvalrequired"}, only, ""},
		"private":             {exchange.Group{AccessType: "Private"}, only, ""},
		"both":                {exchange.Group{JoinRestriction: "Closed", AccessType: "Private"}, only, ""},
		"open":                {exchange.Group{JoinRestriction: "open"}, only, "openGroup"},
		"public":              {exchange.Group{AccessType: "Public"}, only, "openGroup"},
		"closed and public":   {exchange.Group{JoinRestriction: "Closed", AccessType: "Public"}, only, "openGroup"},
		"nothing said":        {exchange.Group{}, only, "openGroup"},
		"an unknown word":     {exchange.Group{JoinRestriction: "Secret"}, only, "openGroup"},
		"an unknown access":   {exchange.Group{AccessType: "Secret"}, only, "openGroup"},
		"half of it unknown":  {exchange.Group{JoinRestriction: "Closed", AccessType: "Secret"}, only, "openGroup"},
		"any group will do":   {exchange.Group{JoinRestriction: "Open"}, policy.Document{Groups: policy.AnyGroup}, ""},
		"a dynamic list":      {exchange.Group{Type: "DynamicDistributionGroup"}, policy.Document{Groups: policy.AnyGroup}, "groupType"},
		"an approver's":       {exchange.Group{JoinRestriction: "Closed", ManagedBy: []string{"alice"}}, only, ""},
		"somebody else's too": {exchange.Group{JoinRestriction: "Closed", ManagedBy: []string{"Alice", "Bob"}}, only, "groupOwners"},
	} {
		reason := ""
		faults := groupRefusals(test.group, test.document)
		if len(faults) > 0 {
			reason = faults[0].Reason
		}
		if reason != test.reason || len(faults) > 1 {
			t.Errorf("%s: %+v", name, faults)
		}
	}
}

// TestWhatIsAGroup: a room list among the members is one that is not opened.
func TestWhatIsAGroup(t *testing.T) {
	t.Parallel()
	members := []exchange.Recipient{{GUID: "l", Name: "Rooms", Type: exchange.RoomList}, {GUID: "m", Name: "News", Type: "SharedMailbox"},
		{GUID: "g", Name: "Sales", Type: "MailUniversalSecurityGroup"}, {GUID: "c", Name: "Contact", Type: "MailContact"}}
	sorted := membership(members)
	if !slices.Equal(nestedIn(members, nil), []string{"Rooms", "Sales"}) || !slices.Equal(sorted.Groups, []string{"l", "g"}) || !slices.Equal(sorted.Mailboxes, []string{"m"}) {
		t.Errorf("%q, %+v", nestedIn(members, nil), sorted)
	}
}
