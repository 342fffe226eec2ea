package exchange

import (
	"context"
	"strings"
)

// EveryApplication is the AppID of a policy that concerns all applications.
const EveryApplication = "*"

// ApplicationAccessPolicy confines, or blocks, what one application's organization-wide consent
// reaches.
type ApplicationAccessPolicy struct {
	// Identity is the one name that the other cmdlets take.
	Identity string
	// AppID is the application's id in lower case, or EveryApplication.
	AppID string
	// AccessRight is "RestrictAccess" or "DenyAccess", as it came.
	AccessRight string
	// ScopeName and ScopeIdentity name the group, or the single mailbox, that the policy is about.
	ScopeName, ScopeIdentity string
	// ScopeGUID is the id of the same in Exchange, in lower case; "" when it was not returned.
	// Inferred: it is what follows the security identifier in ScopeIdentityRaw.
	ScopeGUID string
	// Description is for people.
	Description string
	// Valid is false when the tenant says so, for instance because the scope is gone.
	Valid bool
	// RequestID is the tenant's id of the request that returned this.
	RequestID string
}

func decodeApplicationAccessPolicy(properties row, requestID string) ApplicationAccessPolicy {
	appID := strings.TrimSpace(properties.text("AppId"))
	if appID != EveryApplication {
		appID = normalGUID(appID)
	}
	_, scopeGUID, _ := strings.Cut(properties.text("ScopeIdentityRaw"), ";")
	return ApplicationAccessPolicy{
		Identity:      properties.text("Identity"),
		AppID:         appID,
		AccessRight:   properties.text("AccessRight"),
		ScopeName:     properties.text("ScopeName"),
		ScopeIdentity: properties.text("ScopeIdentity"),
		ScopeGUID:     normalGUID(scopeGUID),
		Description:   properties.text("Description"),
		Valid:         properties.flag("IsValid", true),
		RequestID:     requestID,
	}
}

func (p ApplicationAccessPolicy) complete() bool {
	return p.Identity != "" && p.AppID != "" && p.AccessRight != ""
}

// ListApplicationAccessPolicies reads every policy of the tenant: the whole list or an error.
func (c *Client) ListApplicationAccessPolicies(ctx context.Context) ([]ApplicationAccessPolicy, error) {
	asked := command{purpose: "list application access policies", cmdlet: "Get-ApplicationAccessPolicy", subject: "all", long: true}
	all, err := listed(ctx, c, asked, decodeApplicationAccessPolicy, ApplicationAccessPolicy.complete)
	if err != nil {
		return nil, err
	}
	return distinct(asked, all, func(each ApplicationAccessPolicy) string { return strings.ToLower(each.Identity) })
}

// PolicyVerdict is what the tenant's policies make of one application and one mailbox.
type PolicyVerdict int

const (
	// PolicyUnknown is any answer that is neither of the others: the word is localized.
	PolicyUnknown PolicyVerdict = iota
	// PolicyGranted means that no policy stands in the way; also when no policy concerns the
	// application at all, so it is no proof of confinement.
	PolicyGranted
	// PolicyDenied means that a policy keeps the application away.
	PolicyDenied
)

// String returns the verdict as the cmdlet prints it in English.
func (v PolicyVerdict) String() string {
	switch v {
	case PolicyGranted:
		return "Granted"
	case PolicyDenied:
		return "Denied"
	default:
		return "Unknown"
	}
}

// parsePolicyVerdict takes the documented English words (cmdlet reference, Test-ApplicationAccessPolicy)
// and plain flags. It never guesses at a word of another language.
func parsePolicyVerdict(text string) PolicyVerdict {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "granted", "true":
		return PolicyGranted
	case "denied", "false":
		return PolicyDenied
	default:
		return PolicyUnknown
	}
}

// PolicyTest is the tenant's own answer for one application and one mailbox.
type PolicyTest struct {
	AppID   string
	Verdict PolicyVerdict
	// Printed is the answer as it came, bounded and on one line, for people.
	Printed string
	// RequestID is the tenant's id of the request.
	RequestID string
}

// TestApplicationAccessPolicy asks whether the tenant's policies let the application reach the
// mailbox. It looks at policies alone, not at consents, and counts nested members. alsoKnownAs are
// further ids under which the answer may show the mailbox: that of the mailbox in Exchange, and that
// of the user in the directory (which of them MailboxId shows is not published).
//
// Kind NotFound means that there is no such mailbox; an answer about another application or mailbox
// gives Incomplete.
func (c *Client) TestApplicationAccessPolicy(ctx context.Context, appID, mailboxGUID string, alsoKnownAs ...string) (PolicyTest, error) {
	asked := command{
		purpose: "test application access policies", cmdlet: "Test-ApplicationAccessPolicy",
		subject:    normalGUID(appID) + " on " + normalGUID(mailboxGUID),
		parameters: map[string]any{"Identity": normalGUID(mailboxGUID), "AppId": normalGUID(appID)},
	}
	refused := asked.checkGUID("the application id", appID)
	if refused == nil {
		refused = asked.checkGUID("the mailbox's id", mailboxGUID)
	}
	if refused != nil {
		return PolicyTest{}, refused
	}
	received, err := c.read(ctx, asked)
	if err != nil {
		return PolicyTest{}, err
	}
	if len(received.rows) != 1 {
		return PolicyTest{}, asked.doubt(received, Incomplete, "%d rows came, not one", len(received.rows))
	}
	answered := received.rows[0]
	shown := answered.guid("MailboxId")
	sameMailbox := shown == "" || sameAsAny(shown, append(alsoKnownAs, normalGUID(mailboxGUID))...)
	if answered.guid("AppId") != normalGUID(appID) || !sameMailbox {
		return PolicyTest{}, asked.doubt(received, Incomplete, "the answer is about %q and %q", answered.text("AppId"), shown)
	}
	printed := answered.text("AccessCheckResult")
	return PolicyTest{
		AppID: normalGUID(appID), Verdict: parsePolicyVerdict(printed), Printed: clean(printed, headerLimit), RequestID: received.requestID,
	}, nil
}
